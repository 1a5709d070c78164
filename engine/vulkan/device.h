#pragma once

#include <vulkan/vulkan.h>

#include <cstdint>
#include <span>

#include "engine/vulkan/handle.h"
#include "engine/vulkan/instance.h"
#include "engine/vulkan/requirements.h"

namespace glim::vulkan {

/// One device with one queue that computes and copies. One thread at a time.
class Device {
 public:
  /// Throws E301 when `facts` lacks something that is required.
  Device(const Instance& instance, const DeviceFacts& facts);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  VkDevice handle() const { return handle_; }
  const DeviceFacts& facts() const { return facts_; }
  std::uint32_t queue_family() const { return family_; }

  /// Bits of a time that the queue writes; 0 where it writes none.
  std::uint32_t timestamp_bits() const { return timestamp_bits_; }

  FenceHandle make_fence() const;
  /// Starts `commands`, whose recording has ended; `fence`, which may be null, is signalled when all
  /// that was started before is done.
  void submit(VkCommandBuffer commands, VkFence fence) const;
  void wait(VkFence fence) const;  ///< and makes it ready for the next submission
  void wait_idle() const;

 private:
  DeviceFacts facts_;
  VkDevice handle_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  std::uint32_t family_ = 0, timestamp_bits_ = 0;
};

/// Command buffers of one thread, free again after reset(); each may be started many times before.
class CommandBuffers {
 public:
  explicit CommandBuffers(const Device& device);
  VkCommandBuffer next();  ///< empty, recording has begun
  void reset();            ///< all of them are free; none may still run

 private:
  const Device& device_;
  CommandPoolHandle pool_;
  std::vector<VkCommandBuffer> buffers_;
  std::size_t used_ = 0;
};

/// What is written before it is seen behind it, by shaders, copies and the host.
void full_barrier(VkCommandBuffer commands);

}  // namespace glim::vulkan
