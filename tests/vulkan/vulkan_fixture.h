#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>

#include "engine/tensor/wrapping_backend.h"
#include "engine/vulkan/instance.h"
#include "engine/vulkan/vulkan_backend.h"

namespace glim {

/// One Vulkan backend for all tests of a program, watched by the validation layers; null, with a message,
/// where there is no usable device.
inline Backend* vulkan_for_tests() {
  static const std::unique_ptr<Backend> backend = []() -> std::unique_ptr<Backend> {
    if (vulkan::can_validate()) {
      setenv("GLIM_VALIDATE", "1", 1);
    } else {
      MESSAGE("no vulkan-validationlayers; running without them");
    }
    const VulkanDevices found = vulkan_devices();
    bool usable = false;
    for (const DeviceReport& device : found.devices) usable = usable || device.missing.empty();
    if (!usable) {
      MESSAGE("skipped: " << (found.problem.empty() ? "no device can run glim" : found.problem));
      return nullptr;
    }
    return make_vulkan_backend();
  }();
  return backend.get();
}

/// Stands for a backend that somebody else owns.
class BorrowedBackend final : public WrappingBackend {
 public:
  explicit BorrowedBackend(Backend& backend) : WrappingBackend(backend) {}
};

}  // namespace glim
