#include "engine/backends.h"

#include <array>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "engine/vulkan/schedule.h"
#include "engine/vulkan/vulkan_backend.h"

namespace glim {
namespace {

struct Choice {
  std::string_view name;
  std::unique_ptr<Backend> (*make)(int threads, const CpuOptions& options);
  BackendMemory (*memory)();
  std::uint64_t (*scratch)(int threads, const StepSizes& sizes);  ///< of Backend::reserve()
};

std::uint64_t nothing(int, const StepSizes&) {
  return 0;
}
BackendMemory host_memory() {
  return {memory_info().available, true};
}
BackendMemory device_memory() {
  return {vulkan_memory(), false};
}

/// The first is what "auto" takes.
constexpr std::array kChoices = {
    Choice{"cpu", [](int threads, const CpuOptions& options) { return make_cpu_backend(threads, options); },
           host_memory, cpu_scratch_bytes},
    Choice{"vulkan", [](int, const CpuOptions&) { return make_vulkan_backend(); }, device_memory,
           [](int, const StepSizes& sizes) { return vulkan_scratch_bytes(sizes); }},
    Choice{"reference", [](int, const CpuOptions&) { return make_reference_backend(); }, host_memory,
           nothing},
};

const Choice& choose(std::string_view name) {
  if (name == "auto") return kChoices.front();
  for (const Choice& choice : kChoices) {
    if (choice.name == name) return choice;
  }
  throw Error(ErrorCode::E301, strf("unknown backend \"%s\"; this build has %s", printable(name).c_str(),
                                    backend_names().c_str()));
}

}  // namespace

std::string_view backend_name(std::string_view name) {
  return choose(name).name;
}

std::unique_ptr<Backend> make_backend(std::string_view name, std::int32_t threads,
                                      const CpuOptions& options) {
  return choose(name).make(threads, options);
}

std::int32_t default_threads() {
  return available_cores();
}

std::uint64_t backend_scratch_bytes(std::string_view name, std::int32_t threads, const StepSizes& sizes) {
  return choose(name).scratch(threads, sizes);
}

BackendMemory backend_memory(std::string_view name) {
  return choose(name).memory();
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

std::string backend_names() {
  std::string names = "auto";
  for (const Choice& choice : kChoices) names += ", " + std::string(choice.name);
  return names;
}

}  // namespace glim
