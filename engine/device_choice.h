#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/tensor/device_report.h"

namespace glim {

/// What computes.
struct DeviceChoice {
  std::string backend = "cpu";  ///< "cpu", "vulkan", "reference"
  std::int32_t index = -1;      ///< DeviceReport::index of a Vulkan device
  std::string name;             ///< of that device
  std::string note;             ///< of "auto": why a graphics card that is there was not taken; may be empty
  /// What finds the same again: "cpu", "vulkan1".
  std::string label() const { return index < 0 ? backend : backend + std::to_string(index); }
};

/// The device that `wanted` names: a backend, "vulkan1" (a number of `glim devices`), a UUID, or a part of a
/// device's name in any case. "vulkan" is the first usable device of the best kind. "auto" is the graphics
/// card with the most memory, discrete ones first, of those that `verified` accepts, else the processor;
/// software never. `problem` says why there are no Vulkan devices, if so. Throws E301 when nothing or more
/// than one thing matches, or what matches cannot compute.
DeviceChoice choose_device(std::string_view wanted, std::span<const DeviceReport> devices,
                           std::string_view problem, bool (*verified)(const DeviceReport&));

/// Bytes of the device's own memory that are free, or all where nobody counts.
std::uint64_t device_memory(const DeviceReport& device);

}  // namespace glim
