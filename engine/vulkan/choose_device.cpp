#include "engine/vulkan/choose_device.h"

#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::vulkan {

DeviceFacts choose_device(const Instance& instance, std::int32_t index) {
  const std::vector<VkPhysicalDevice> devices = instance.devices();
  if (index >= 0) {
    if (index < std::ssize(devices)) return DeviceFacts(devices[static_cast<std::size_t>(index)]);
    throw Error(ErrorCode::E301, strf("there is no Vulkan device %d any more; see glim devices", index));
  }
  std::optional<DeviceFacts> best;
  std::string refused;
  const auto rank = [](const DeviceFacts& facts) {
    switch (facts.properties.deviceType) {
      case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return 3;
      case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return 2;
      case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return 0;
      default:
        return 1;
    }
  };
  for (const VkPhysicalDevice physical : devices) {
    DeviceFacts facts(physical);
    const std::vector<std::string> missing = missing_requirements(facts);
    if (!missing.empty()) {
      refused =
          strf("; %s cannot be used: %s", printable(facts.properties.deviceName).c_str(), missing[0].c_str());
    } else if (!best || rank(facts) > rank(*best)) {
      best = std::move(facts);
    }
  }
  if (!best) {
    throw Error(ErrorCode::E301,
                strf("no Vulkan device of this machine can run glim%s; install or update its driver "
                     "(mesa-vulkan-drivers), or use --backend cpu",
                     refused.c_str()));
  }
  return *best;
}

}  // namespace glim::vulkan
