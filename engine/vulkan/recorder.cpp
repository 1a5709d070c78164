#include "engine/vulkan/recorder.h"

#include "engine/base/error.h"

namespace glim::vulkan {
namespace {

/// So many dispatches go to the device at once: it starts before all are recorded, and none of its time
/// slices gets too long for a driver that watches over them.
constexpr std::uint32_t kAtOnce = 128;
constexpr std::uint32_t kMostGroups = 65535;

void see_shader_writes(VkCommandBuffer commands) {
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                       0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace

Groups spread(std::uint64_t count, std::uint32_t third) {
  const std::uint64_t second = (count + kMostGroups - 1) / kMostGroups;
  GLIM_ASSERT(second <= kMostGroups && third <= kMostGroups);
  return {static_cast<std::uint32_t>((count + second - 1) / second), static_cast<std::uint32_t>(second),
          third};
}

VkCommandBuffer Recorder::current() {
  if (recording_ == VK_NULL_HANDLE) {
    recording_ = commands_.next();
    recorded_ = 0;
    full_barrier(recording_);
  }
  return recording_;
}

void Recorder::dispatch(std::string_view module, const Constants& constants, std::span<const std::byte> args,
                        Groups groups) {
  const Pipeline& pipeline = pipelines_.get(module, constants);
  // C++ fills a struct up to a multiple of eight bytes.
  const std::uint32_t size = pipeline.shader.push_bytes;
  GLIM_ASSERT(size <= args.size() && args.size() - size < 8);
  if (recorded_ >= kAtOnce && pending_barrier_) {
    device_.submit(recording_, VK_NULL_HANDLE);
    recording_ = VK_NULL_HANDLE;
  }
  const VkCommandBuffer commands = current();
  if (pending_barrier_) {
    see_shader_writes(commands);
    ++barriers_;
    pending_barrier_ = false;
  }
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle.get());
  vkCmdPushConstants(commands, pipeline.layout.get(), VK_SHADER_STAGE_COMPUTE_BIT, 0, size, args.data());
  vkCmdDispatch(commands, groups[0], groups[1], groups[2]);
  ++recorded_;
  ++dispatches_;
}

void Recorder::finish() {
  if (recording_ == VK_NULL_HANDLE) return;
  full_barrier(recording_);
  device_.submit(recording_, fence_.get());
  recording_ = VK_NULL_HANDLE;
  pending_barrier_ = false;
  device_.wait(fence_.get());
  commands_.reset();
}

}  // namespace glim::vulkan
