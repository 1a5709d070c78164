#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/tensor/tensor.h"
#include "engine/vulkan/device.h"

namespace glim::vulkan {

/// Who uses memory: the device alone, or the host too. Where both use the same memory all of it is seen by
/// both.
enum class Sharing : std::uint8_t { device, host };

/// A part of a block. `host` is null where the host does not see it.
struct Piece {
  VkBuffer buffer;
  std::uint64_t offset, size;
  VkDeviceAddress address;
  std::byte* host;
};

/// Where pieces come from.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  /// Throws E201 naming `what`. The bytes hold anything.
  virtual Piece take(std::uint64_t bytes, Sharing sharing, std::string_view what) = 0;
  virtual void give_back(const Piece& piece) = 0;
};

/// Device memory, taken in large blocks and handed out in pieces that start at multiples of 256 bytes. One
/// thread; pieces go back before it.
class Memory final : public MemorySource {
 public:
  explicit Memory(const Device& device) : device_(device) {}
  Piece take(std::uint64_t bytes, Sharing sharing, std::string_view what) override;
  void give_back(const Piece& piece) override;
  std::uint64_t taken() const { return taken_; }  ///< bytes of all blocks

 private:
  struct Gap {
    std::uint64_t offset, size;
  };
  struct Block {
    Sharing sharing;
    BufferHandle buffer;
    MemoryHandle memory;
    std::uint64_t size;
    VkDeviceAddress address;
    std::byte* host;
    std::vector<Gap> gaps;  ///< ascending, never touching
  };

  Block& add_block(std::uint64_t bytes, Sharing sharing, std::string_view what);
  void try_memory(Block& block, std::string_view what);

  const Device& device_;
  std::list<Block> blocks_;
  std::uint64_t taken_ = 0;
};

/// A piece as a buffer of the engine.
class DeviceBuffer final : public Buffer {
 public:
  DeviceBuffer(MemorySource& memory, std::uint64_t bytes, Sharing sharing, std::string_view what)
      : DeviceBuffer(memory, memory.take(bytes, sharing, what), bytes) {}
  ~DeviceBuffer() override { memory_.give_back(piece_); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  const Piece& piece() const { return piece_; }
  VkDeviceAddress address() const { return piece_.address; }

  /// The factors of a weight (Tensor::scales) lie behind its values, from byte `offset` on.
  void set_scales(const float* host, std::uint64_t offset) { scales_ = host, scales_offset_ = offset; }
  VkDeviceAddress scales_address(const float* scales) const {
    return piece_.address + scales_offset_ + sizeof(float) * static_cast<std::uint64_t>(scales - scales_);
  }

 private:
  DeviceBuffer(MemorySource& memory, Piece piece, std::uint64_t bytes)
      : Buffer(piece.host, bytes), memory_(memory), piece_(piece) {}

  MemorySource& memory_;
  Piece piece_;
  const float* scales_ = nullptr;
  std::uint64_t scales_offset_ = 0;
};

inline const DeviceBuffer& device_buffer(const Tensor& tensor) {
  return static_cast<const DeviceBuffer&>(*tensor.buffer);
}
/// Where a tensor begins; 0 for none.
inline VkDeviceAddress address_of(const Tensor& tensor) {
  return tensor ? device_buffer(tensor).address() + tensor.offset : 0;
}
inline VkDeviceAddress scales_of(const Tensor& tensor) {
  return tensor.scales == nullptr ? 0 : device_buffer(tensor).scales_address(tensor.scales);
}

}  // namespace glim::vulkan
