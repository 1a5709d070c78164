// Stands in for the rest of the folder where the build found no Vulkan.
#include "engine/base/error.h"
#include "engine/vulkan/schedule.h"
#include "engine/vulkan/vulkan_backend.h"

namespace glim {

namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::E301, "this build of glim has no Vulkan, because " GLIM_VULKAN_MISSING
                               " was not there; install it and build again, or use --backend cpu");
}

}  // namespace

std::unique_ptr<Backend> make_vulkan_backend(std::int32_t, std::vector<ScheduledDispatch>*) {
  refuse();
}

std::unique_ptr<Backend> make_vulkan_schedule_backend(std::vector<ScheduledDispatch>&) {
  refuse();
}

std::uint64_t vulkan_scratch_bytes(const StepSizes&) {
  refuse();
}

VulkanMemory vulkan_memory(std::int32_t) {
  refuse();
}

std::uint64_t vulkan_code() {
  return 0;
}

VulkanDevices vulkan_devices() {
  return {{}, "this build of glim has no Vulkan, because " GLIM_VULKAN_MISSING " was not there"};
}

}  // namespace glim
