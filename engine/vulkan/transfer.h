#pragma once

#include <memory>
#include <span>

#include "engine/vulkan/memory.h"

namespace glim::vulkan {

/// Moves bytes between host and device, through two buffers in turn where the host does not see the memory.
/// One thread; every call is finished when it returns.
class Transfer {
 public:
  Transfer(const Device& device, Memory& memory) : device_(device), memory_(memory), commands_(device) {}

  void write(const Piece& to, std::uint64_t offset, std::span<const std::byte> bytes);
  void zero(const Piece& piece);
  /// Within one piece or between two; the ranges do not overlap.
  void copy(const Piece& from, std::uint64_t from_offset, const Piece& to, std::uint64_t to_offset,
            std::uint64_t bytes);

 private:
  struct Stage {
    std::unique_ptr<DeviceBuffer> buffer;
    FenceHandle fence;
    bool running = false;
  };
  void run(void (*record)(VkCommandBuffer commands, const void* what), const void* what, VkFence fence);

  const Device& device_;
  Memory& memory_;
  CommandBuffers commands_;
  Stage stages_[2];
};

}  // namespace glim::vulkan
