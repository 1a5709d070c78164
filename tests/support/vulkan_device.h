#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/backends.h"

namespace glim {

/// Whether a Vulkan device of this machine can compute; says that the test is skipped where none can.
inline bool has_vulkan() {
  const std::vector<DeviceReport> found = devices().found;
  const bool usable = std::any_of(found.begin(), found.end(), [](const DeviceReport& device) {
    return device.backend == "vulkan" && device.missing.empty();
  });
  if (!usable) MESSAGE("skipped: there is no Vulkan device");
  return usable;
}

}  // namespace glim
