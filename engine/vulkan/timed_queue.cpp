#include "engine/vulkan/timed_queue.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "engine/base/error.h"
#include "engine/vulkan/device_queue.h"

namespace glim::vulkan {
namespace {

constexpr std::uint32_t kAtOnce = 64;  ///< dispatches between two submissions

QueryPoolHandle make_times(VkDevice device) {
  VkQueryPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = kAtOnce + 1;
  VkQueryPool pool = VK_NULL_HANDLE;
  check(vkCreateQueryPool(device, &info, nullptr, &pool), "measuring times");
  return {device, pool};
}

}  // namespace

ScheduledDispatch scheduled(const Dispatch& dispatch) {
  return {.stage = std::string(dispatch.stage),
          .shader = dispatch.module.text(),
          .layer = dispatch.layer,
          .groups = dispatch.groups,
          .barrier = dispatch.barrier};
}

TimedQueue::TimedQueue(const Device& device, Pipelines& pipelines, std::vector<ScheduledDispatch>& out)
    : device_(device),
      pipelines_(pipelines),
      out_(out),
      commands_(device),
      fence_(device.make_fence()),
      times_(make_times(device.handle())) {
  if (device.timestamp_bits() == 0)
    throw Error(ErrorCode::E301, "this Vulkan device does not say how long its work takes; choose another one");
}

void TimedQueue::run(std::span<const Dispatch> dispatches) {
  for (std::size_t at = 0; at < dispatches.size(); at += kAtOnce)
    run_some(dispatches.subspan(at, std::min<std::size_t>(kAtOnce, dispatches.size() - at)));
}

void TimedQueue::run_some(std::span<const Dispatch> dispatches) {
  commands_.reset();
  const VkCommandBuffer commands = commands_.next();
  const auto note = [&](std::uint32_t query) {
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, times_.get(), query);
    full_barrier(commands);
  };
  vkCmdResetQueryPool(commands, times_.get(), 0, kAtOnce + 1);
  full_barrier(commands);
  note(0);
  std::uint32_t query = 0;
  for (const Dispatch& dispatch : dispatches) {
    record(commands, pipelines_, dispatch);
    note(++query);
  }
  check(vkEndCommandBuffer(commands), "recording");
  device_.submit(commands, fence_.get());
  device_.wait(fence_.get());
  std::vector<std::uint64_t> ticks(dispatches.size() + 1);
  check(vkGetQueryPoolResults(device_.handle(), times_.get(), 0, query + 1, ticks.size() * sizeof(std::uint64_t),
                              ticks.data(), sizeof(std::uint64_t),
                              VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
        "measuring times");
  const std::uint32_t bits = device_.timestamp_bits();
  const std::uint64_t mask = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const double tick = static_cast<double>(device_.facts().properties.limits.timestampPeriod) * 1e-9;
  for (std::size_t i = 0; i < dispatches.size(); ++i) {
    out_.push_back(scheduled(dispatches[i]));
    out_.back().seconds = static_cast<double>((ticks[i + 1] - ticks[i]) & mask) * tick;
  }
}

}  // namespace glim::vulkan
