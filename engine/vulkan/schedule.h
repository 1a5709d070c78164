#pragma once

#include <memory>
#include <vector>

#include "engine/tensor/backend.h"
#include "engine/tensor/scheduled_dispatch.h"

namespace glim {

/// A backend that computes nothing: it appends to `out`, which outlives it, what the Vulkan backend would
/// dispatch, from the same code. Its memory is addresses alone, but for what the host writes in a step. As on
/// the first device that can compute, or without one on a GPU with subgroups of 32 threads.
std::unique_ptr<Backend> make_vulkan_schedule_backend(std::vector<ScheduledDispatch>& out);

}  // namespace glim
