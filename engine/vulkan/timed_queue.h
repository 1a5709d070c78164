#pragma once

#include <vector>

#include "engine/tensor/scheduled_dispatch.h"
#include "engine/vulkan/device.h"
#include "engine/vulkan/pipelines.h"
#include "engine/vulkan/recorder.h"

namespace glim::vulkan {

/// What a dispatch is called outside of this folder.
ScheduledDispatch scheduled(const Dispatch& dispatch);

/// Runs dispatches one after the other, each behind a barrier, and appends them to `out`, which outlives it,
/// with the time that the device says each took. One thread.
class TimedQueue final : public Queue {
 public:
  /// Throws E301 for a device that writes no times.
  TimedQueue(const Device& device, Pipelines& pipelines, std::vector<ScheduledDispatch>& out);

  void run(std::span<const Dispatch> dispatches) override;
  void wait() override {}

 private:
  void run_some(std::span<const Dispatch> dispatches);

  const Device& device_;
  Pipelines& pipelines_;
  std::vector<ScheduledDispatch>& out_;
  CommandBuffers commands_;
  FenceHandle fence_;
  QueryPoolHandle times_;
};

}  // namespace glim::vulkan
