#pragma once

#include <vulkan/vulkan.h>

#include <string_view>
#include <utility>

namespace glim::vulkan {

/// Throws E201 when memory ran out, E302 when the device was lost, E301 for everything else that went wrong
/// in `what`.
void check(VkResult result, std::string_view what);

/// An object of a device, destroyed by `destroy`. Move-only.
template <typename T, void (*destroy)(VkDevice, T, const VkAllocationCallbacks*)>
class Handle {
 public:
  Handle() = default;
  Handle(VkDevice device, T handle) : device_(device), handle_(handle) {}
  ~Handle() {
    if (handle_ != VK_NULL_HANDLE) destroy(device_, handle_, nullptr);
  }
  Handle(Handle&& other) noexcept : device_(other.device_), handle_(std::exchange(other.handle_, T{})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  T get() const { return handle_; }

 private:
  VkDevice device_ = VK_NULL_HANDLE;
  T handle_ = VK_NULL_HANDLE;
};

using BufferHandle = Handle<VkBuffer, vkDestroyBuffer>;
using MemoryHandle = Handle<VkDeviceMemory, vkFreeMemory>;
using FenceHandle = Handle<VkFence, vkDestroyFence>;
using CommandPoolHandle = Handle<VkCommandPool, vkDestroyCommandPool>;
using QueryPoolHandle = Handle<VkQueryPool, vkDestroyQueryPool>;
using ShaderHandle = Handle<VkShaderModule, vkDestroyShaderModule>;
using LayoutHandle = Handle<VkPipelineLayout, vkDestroyPipelineLayout>;
using PipelineHandle = Handle<VkPipeline, vkDestroyPipeline>;
using PipelineCacheHandle = Handle<VkPipelineCache, vkDestroyPipelineCache>;

}  // namespace glim::vulkan
