#pragma once

#include <string>

#include "app/model_tools.h"
#include "engine/step_schedule.h"

namespace glim::app {

/// "debug plan": what the Vulkan backend dispatches for a token, how often it waits, and with --time how long
/// each of them takes.
int debug_plan(const ModelJob& job);

/// Layers that do the same stand together; their times are those of one layer on average.
std::string schedule_text(const StepSchedule& schedule);
/// One object: "device", "dispatches", "barriers", and "parts", each with "layers" (which do the same; none
/// for what is outside of them), "dispatches", "barriers" and "steps", which have "stage", "shader",
/// "groups", "barrier" and, where times were measured, "microseconds"; then also "stages" with "stage",
/// "microseconds" and "share".
std::string schedule_json(const StepSchedule& schedule);

}  // namespace glim::app
