#include "engine/backends.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/hybrid/hybrid_backend.h"
#include "engine/reference/reference_backend.h"
#include "engine/verified_devices.h"
#include "engine/vulkan/schedule.h"
#include "engine/vulkan/vulkan_backend.h"

namespace glim {
namespace {

struct Kind {
  std::string_view name;
  std::unique_ptr<Backend> (*make)(const DeviceChoice& choice, int threads, const CpuOptions& options);
  BackendMemory (*memory)(const DeviceChoice& choice);
  std::uint64_t (*scratch)(int threads, const StepSizes& sizes);  ///< of Backend::reserve()
};

std::uint64_t nothing(int, const StepSizes&) {
  return 0;
}
BackendMemory host_memory(const DeviceChoice&) {
  return {memory_info().available, true};
}

constexpr std::array kKinds = {
    Kind{"cpu",
         [](const DeviceChoice&, int threads, const CpuOptions& options) {
           return make_cpu_backend(threads, options);
         },
         host_memory, cpu_scratch_bytes},
    Kind{"vulkan",
         [](const DeviceChoice& choice, int, const CpuOptions&) { return make_vulkan_backend(choice.index); },
         [](const DeviceChoice& choice) {
           const VulkanMemory memory = vulkan_memory(choice.index);
           return BackendMemory{memory.available, false, memory.apart, memory.of_host};
         },
         [](int, const StepSizes& sizes) { return vulkan_scratch_bytes(sizes); }},
    Kind{"reference", [](const DeviceChoice&, int, const CpuOptions&) { return make_reference_backend(); },
         host_memory, nothing},
};

const Kind& kind_of(const DeviceChoice& choice) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [&](const Kind& kind) { return kind.name == choice.backend; });
}

/// Drivers take a tenth of a second to answer, which people without a graphics card need not wait.
bool has_graphics_card() {
  std::error_code ignored;
  for (const char* file : {"/dev/dri", "/dev/nvidiactl", "/dev/dxg"})
    if (std::filesystem::exists(file, ignored)) return true;
  return false;
}

/// All devices, asked when they are needed for the first time.
const Devices& known_devices() {
  static const Devices found = devices();
  return found;
}

}  // namespace

DeviceChoice device_choice(std::string_view name) {
  const bool plain = name == "cpu" || name == "reference" || (name == "auto" && !has_graphics_card());
  if (plain) return choose_device(name, {}, {}, is_verified);
  const Devices& known = known_devices();
  return choose_device(name, known.found, known.problems.empty() ? "" : known.problems.front(), is_verified);
}

std::unique_ptr<Backend> make_backend(std::string_view name, std::int32_t threads,
                                      const CpuOptions& options) {
  const DeviceChoice choice = device_choice(name);
  return kind_of(choice).make(choice, threads, options);
}

std::unique_ptr<Backend> make_backend_beside(std::string_view name, std::int32_t threads,
                                             const CpuOptions& options, const Placement& placement,
                                             std::function<bool(std::string_view)> is_beside) {
  return make_hybrid_backend(make_backend(name, threads, options), make_cpu_backend(threads, options),
                             placement, std::move(is_beside));
}

std::int32_t default_threads() {
  return available_cores();
}

std::uint64_t backend_scratch_bytes(std::string_view name, std::int32_t threads, const StepSizes& sizes) {
  return kind_of(device_choice(name)).scratch(threads, sizes);
}

BackendMemory backend_memory(std::string_view name) {
  const DeviceChoice choice = device_choice(name);
  return kind_of(choice).memory(choice);
}

Devices devices() {
  VulkanDevices vulkan = vulkan_devices();
  Devices out{{cpu_device()}, {}};
  for (DeviceReport& device : vulkan.devices) out.found.push_back(std::move(device));
  if (!vulkan.problem.empty()) out.problems.push_back(std::move(vulkan.problem));
  return out;
}

std::unique_ptr<Backend> make_schedule_backend(std::vector<ScheduledDispatch>& out) {
  return make_vulkan_schedule_backend(out);
}

std::unique_ptr<Backend> make_timed_backend(std::string_view name, std::vector<ScheduledDispatch>& out) {
  return make_vulkan_backend(device_choice(name).index, &out);
}

std::uint64_t shader_hash() {
  static const std::uint64_t hash = vulkan_code();
  return hash;
}

}  // namespace glim
