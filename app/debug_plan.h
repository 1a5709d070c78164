#pragma once

#include <string>

#include "app/model_tools.h"
#include "engine/step_schedule.h"

namespace glim::app {

/// "debug plan": what the Vulkan backend dispatches for a token, and how often it waits.
int debug_plan(const ModelJob& job);

/// Layers that do the same stand together.
std::string schedule_text(const StepSchedule& schedule);
/// One object: "device", "dispatches", "barriers", and "parts", each with "layers" (which do the same; none
/// for what is outside of them), "dispatches", "barriers" and "steps", which have "stage", "shader",
/// "groups" and "barrier".
std::string schedule_json(const StepSchedule& schedule);

}  // namespace glim::app
