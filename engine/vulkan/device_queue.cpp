#include "engine/vulkan/device_queue.h"

#include <algorithm>

#include "engine/base/error.h"

namespace glim::vulkan {
namespace {

/// Prompts of many lengths make many portions that never come again.
constexpr std::size_t kMostPortions = 256;

void see_shader_writes(VkCommandBuffer commands) {
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                       0, 1, &barrier, 0, nullptr, 0, nullptr);
}

/// Source: Fowler, Noll, Vo, FNV-1a, taken a word at a time.
std::uint64_t hash_of(std::span<const Dispatch> dispatches) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const Dispatch& dispatch : dispatches) {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= dispatch.arg_bytes; at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, dispatch.args.data() + at, sizeof word);
      hash = (hash ^ word) * 0x100000001b3;
    }
    hash = (hash ^ dispatch.groups[0] ^ std::uint64_t{dispatch.groups[2]} << 32) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

DeviceQueue::DeviceQueue(const Device& device, Pipelines& pipelines)
    : device_(device),
      pipelines_(pipelines),
      commands_(device),
      last_commands_(device),
      last_(last_commands_.next()),
      fence_(device.make_fence()) {
  full_barrier(last_);
  check(vkEndCommandBuffer(last_), "recording");
}

void record(VkCommandBuffer commands, Pipelines& pipelines, const Dispatch& d) {
  const Pipeline& pipeline = pipelines.get(d.module, d.constants);
  // C++ fills a struct up to a multiple of eight bytes.
  const std::uint32_t size = pipeline.shader.push_bytes;
  GLIM_ASSERT(size <= d.arg_bytes && d.arg_bytes - size < 8);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle.get());
  vkCmdPushConstants(commands, pipeline.layout.get(), VK_SHADER_STAGE_COMPUTE_BIT, 0, size, d.args.data());
  vkCmdDispatch(commands, d.groups[0], d.groups[1], d.groups[2]);
}

VkCommandBuffer DeviceQueue::record(std::span<const Dispatch> dispatches) {
  const VkCommandBuffer commands = commands_.next();
  full_barrier(commands);
  for (const Dispatch& dispatch : dispatches) {
    if (dispatch.barrier && &dispatch != dispatches.data()) see_shader_writes(commands);
    vulkan::record(commands, pipelines_, dispatch);
  }
  check(vkEndCommandBuffer(commands), "recording");
  ++recorded_;
  return commands;
}

VkCommandBuffer DeviceQueue::find(std::uint64_t hash, std::span<const Dispatch> dispatches) {
  const auto [first, last] = portions_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    Portion& portion = known->second;
    if (portion.running || !std::ranges::equal(portion.dispatches, dispatches)) continue;
    portion.running = true;
    ++replayed_;
    return portion.commands;
  }
  return VK_NULL_HANDLE;
}

void DeviceQueue::run(std::span<const Dispatch> dispatches) {
  const std::uint64_t hash = hash_of(dispatches);
  VkCommandBuffer commands = find(hash, dispatches);
  if (commands == VK_NULL_HANDLE) {
    commands = record(dispatches);
    portions_.emplace(hash, Portion{{dispatches.begin(), dispatches.end()}, commands, true});
  }
  device_.submit(commands, VK_NULL_HANDLE);
  running_ = true;
}

void DeviceQueue::wait() {
  if (!running_) return;
  running_ = false;
  device_.submit(last_, fence_.get());
  device_.wait(fence_.get());
  for (auto& [hash, portion] : portions_) portion.running = false;
  if (portions_.size() > kMostPortions) forget();
}

void DeviceQueue::forget() {
  portions_.clear();
  commands_.reset();
}

}  // namespace glim::vulkan
