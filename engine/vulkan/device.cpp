#include "engine/vulkan/device.h"

#include <limits>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::vulkan {
namespace {

std::vector<VkQueueFamilyProperties> families_of(VkPhysicalDevice physical) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families.data());
  return families;
}

std::uint32_t find_family(const std::vector<VkQueueFamilyProperties>& families) {
  for (std::uint32_t i = 0; i < families.size(); ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0) return i;
  }
  throw Error(ErrorCode::E301,
              "the Vulkan device cannot compute; choose another device or use --backend cpu");
}

}  // namespace

Device::Device(const Instance&, const DeviceFacts& facts) : facts_(facts) {
  const std::vector<std::string> missing = missing_requirements(facts);
  if (!missing.empty()) {
    throw Error(ErrorCode::E301,
                strf("%s: %s; update the driver or use --backend cpu",
                     printable(facts.properties.deviceName).c_str(), missing.front().c_str()));
  }
  const std::vector<VkQueueFamilyProperties> families = families_of(facts.physical);
  family_ = find_family(families);
  timestamp_bits_ = families[family_].timestampValidBits;
  const float priority = 1;
  VkDeviceQueueCreateInfo queue = {};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = family_;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  RequiredFeatures features;
  VkDeviceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &features.chain;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  check(vkCreateDevice(facts.physical, &info, nullptr, &handle_), "opening the Vulkan device");
  vkGetDeviceQueue(handle_, family_, 0, &queue_);
}

Device::~Device() {
  vkDeviceWaitIdle(handle_);
  vkDestroyDevice(handle_, nullptr);
}

FenceHandle Device::make_fence() const {
  VkFenceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  VkFence fence = VK_NULL_HANDLE;
  check(vkCreateFence(handle_, &info, nullptr, &fence), "making a fence");
  return {handle_, fence};
}

void Device::submit(VkCommandBuffer commands, VkFence fence) const {
  VkSubmitInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  check(vkQueueSubmit(queue_, 1, &info, fence), "starting work");
}

void Device::wait(VkFence fence) const {
  check(vkWaitForFences(handle_, 1, &fence, VK_TRUE, std::numeric_limits<std::uint64_t>::max()), "computing");
  check(vkResetFences(handle_, 1, &fence), "computing");
}

void Device::wait_idle() const {
  check(vkDeviceWaitIdle(handle_), "computing");
}

CommandBuffers::CommandBuffers(const Device& device) : device_(device) {
  VkCommandPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  info.queueFamilyIndex = device.queue_family();
  VkCommandPool pool = VK_NULL_HANDLE;
  check(vkCreateCommandPool(device.handle(), &info, nullptr, &pool), "making command buffers");
  pool_ = {device.handle(), pool};
}

VkCommandBuffer CommandBuffers::next() {
  if (used_ == buffers_.size()) {
    VkCommandBufferAllocateInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    info.commandPool = pool_.get();
    info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    info.commandBufferCount = 1;
    VkCommandBuffer buffer = VK_NULL_HANDLE;
    check(vkAllocateCommandBuffers(device_.handle(), &info, &buffer), "making command buffers");
    buffers_.push_back(buffer);
  }
  VkCommandBufferBeginInfo begin = {};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  check(vkBeginCommandBuffer(buffers_[used_], &begin), "recording");
  return buffers_[used_++];
}

void CommandBuffers::reset() {
  check(vkResetCommandPool(device_.handle(), pool_.get(), 0), "recording");
  used_ = 0;
}

void full_barrier(VkCommandBuffer commands) {
  constexpr VkPipelineStageFlags kStages =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT;
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  vkCmdPipelineBarrier(commands, kStages, kStages, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace glim::vulkan
