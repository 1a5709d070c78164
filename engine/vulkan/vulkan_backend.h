#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/tensor/backend.h"
#include "engine/tensor/device_report.h"
#include "engine/tensor/scheduled_dispatch.h"

namespace glim {

/// Computes on the device with that DeviceReport::index; -1 is the first that can, GPUs before software.
/// Throws E301 saying what is missing: in this build, on this machine or in its drivers.
/// With `times`, which outlives the backend, dispatches run one by one, and each is appended to that list
/// with the time it took.
std::unique_ptr<Backend> make_vulkan_backend(std::int32_t index = -1,
                                             std::vector<ScheduledDispatch>* times = nullptr);

/// What its Backend::reserve() takes.
std::uint64_t vulkan_scratch_bytes(const StepSizes& sizes);

/// What this device can still give. Throws E301 as make_vulkan_backend() does.
struct VulkanMemory {
  std::uint64_t available;  ///< bytes
  bool apart;               ///< the host does not see it
  bool of_host;             ///< it is what the host has: of software
};
VulkanMemory vulkan_memory(std::int32_t index = -1);

/// A number that changes when a shader does.
std::uint64_t vulkan_code();

/// Every device of this machine. `problem` says why there is none.
struct VulkanDevices {
  std::vector<DeviceReport> devices;
  std::string problem;
};
VulkanDevices vulkan_devices();

}  // namespace glim
