#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/device_choice.h"
#include "engine/tensor/backend.h"
#include "engine/tensor/cpu_options.h"
#include "engine/tensor/device_report.h"
#include "engine/tensor/placement.h"
#include "engine/tensor/scheduled_dispatch.h"

namespace glim {

/// Everything below that takes a name takes what choose_device() (device_choice.h) takes, and throws what it
/// throws. Drivers are asked once, and only where a name can mean a device of theirs.
DeviceChoice device_choice(std::string_view name);

/// `threads` 0 is one per physical core; `options` are for the processor.
std::unique_ptr<Backend> make_backend(std::string_view name, std::int32_t threads,
                                      const CpuOptions& options = {});

/// What `threads` 0 stands for.
std::int32_t default_threads();

/// Memory that a backend can still take on this machine, and whether what does not fit may stay in the file.
struct BackendMemory {
  std::uint64_t available;  ///< bytes; 0 where nobody knows
  bool pages_weights;
  bool apart = false;    ///< the host does not see it
  bool of_host = false;  ///< a device takes it from what the processor has
};
BackendMemory backend_memory(std::string_view name);

/// What Backend::reserve() of that backend takes.
std::uint64_t backend_scratch_bytes(std::string_view name, std::int32_t threads, const StepSizes& sizes);

/// A backend of this name that has the processor beside it: `is_beside` says which weights that holds.
std::unique_ptr<Backend> make_backend_beside(std::string_view name, std::int32_t threads,
                                             const CpuOptions& options, const Placement& placement,
                                             std::function<bool(std::string_view weight)> is_beside);

/// A backend that computes nothing and appends to `out`, which outlives it, what the Vulkan backend would
/// dispatch. Its weights and its cache take no memory. Throws E301 for a build without Vulkan.
std::unique_ptr<Backend> make_schedule_backend(std::vector<ScheduledDispatch>& out);

/// A Vulkan backend that appends every dispatch to `out`, which outlives it, with the time that it took
/// alone. A name that means no graphics device, such as "auto", is the first one. Throws E301 without one.
std::unique_ptr<Backend> make_timed_backend(std::string_view name, std::vector<ScheduledDispatch>& out);

/// What this machine has to compute with. A problem is a sentence that says why a backend found nothing.
struct Devices {
  std::vector<DeviceReport> found;
  std::vector<std::string> problems;
};
Devices devices();

/// A number that changes when what graphics cards run does.
std::uint64_t shader_hash();

}  // namespace glim
