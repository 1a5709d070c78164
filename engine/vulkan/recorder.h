#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/vulkan/device.h"
#include "engine/vulkan/pipelines.h"

namespace glim::vulkan {

/// Workgroups of a dispatch in three directions.
using Groups = std::array<std::uint32_t, 3>;

/// `count` workgroups in two directions, since one may have 65,535 only; some shader may get more than there
/// is work for.
Groups spread(std::uint64_t count, std::uint32_t third = 1);

/// Records the dispatches of a step and runs them. One thread.
class Recorder {
 public:
  Recorder(const Device& device, Pipelines& pipelines)
      : device_(device), pipelines_(pipelines), commands_(device), fence_(device.make_fence()) {}

  /// Behind this, shaders see what dispatches before it wrote.
  void barrier() { pending_barrier_ = true; }

  template <typename Args>
  void dispatch(std::string_view module, const Constants& constants, const Args& args, Groups groups) {
    static_assert(sizeof(Args) <= 128);
    dispatch(module, constants, std::as_bytes(std::span(&args, 1)), groups);
  }

  /// Starts what has been recorded and waits for all of it.
  void finish();

  std::uint64_t dispatches() const { return dispatches_; }  ///< since the object was made
  std::uint64_t barriers() const { return barriers_; }

 private:
  void dispatch(std::string_view module, const Constants& constants, std::span<const std::byte> args,
                Groups groups);
  VkCommandBuffer current();

  const Device& device_;
  Pipelines& pipelines_;
  CommandBuffers commands_;
  FenceHandle fence_;
  VkCommandBuffer recording_ = VK_NULL_HANDLE;
  bool pending_barrier_ = false;
  std::uint32_t recorded_ = 0;  ///< dispatches in `recording_`
  std::uint64_t dispatches_ = 0, barriers_ = 0;
};

}  // namespace glim::vulkan
