#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/tensor/scheduled_dispatch.h"

namespace glim {

/// What the Vulkan backend dispatches in one step, in order.
struct StepSchedule {
  std::string device;
  std::int32_t layers = 0;
  std::vector<ScheduledDispatch> dispatches;
};

/// The step that computes `rows` tokens behind `depth` others, with the logits of the last. Weights are
/// neither read nor given memory. `options` names the model, the type of its cache and no more than that.
/// Throws E101-E113, E301, E603.
StepSchedule step_schedule(const EngineOptions& options, std::int32_t rows, std::int32_t depth);

/// The same, run on a device: every dispatch has the median of the times that it took in `repetitions` steps,
/// alone on the device. EngineOptions::backend names it. The tokens before are not computed: their cache is
/// zeros, which takes as long to read. Throws E201, E302 and E901, when `go_on` returns false, besides.
StepSchedule timed_step(const EngineOptions& options, std::int32_t rows, std::int32_t depth,
                        std::int32_t repetitions, const std::function<bool()>& go_on);

}  // namespace glim
