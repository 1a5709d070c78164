#pragma once

#include <vulkan/vulkan.h>

#include <set>
#include <string>
#include <vector>

#include "engine/tensor/device_report.h"

namespace glim::vulkan {

/// What a physical device says about itself, asked once.
struct DeviceFacts {
  explicit DeviceFacts(VkPhysicalDevice physical);

  VkPhysicalDevice physical;
  VkPhysicalDeviceProperties properties;
  VkPhysicalDeviceVulkan11Properties vulkan11;
  VkPhysicalDeviceVulkan12Properties vulkan12;
  VkPhysicalDeviceSubgroupSizeControlProperties subgroup_sizes;  ///< zeros without the extension
  VkPhysicalDeviceFeatures features;
  VkPhysicalDeviceVulkan11Features features11;
  VkPhysicalDeviceVulkan12Features features12;
  VkPhysicalDeviceShaderIntegerDotProductFeatures integer_dot;
  VkPhysicalDeviceShaderIntegerDotProductProperties integer_dot_speed;
  VkPhysicalDeviceMemoryProperties memory;
  std::vector<std::uint64_t> budgets;  ///< per heap; empty without VK_EXT_memory_budget
  std::set<std::string> extensions;
  std::uint64_t largest_allocation;  ///< bytes
  bool discrete;                     ///< by GLIM_DISCRETE

  bool has(const char* extension) const { return extensions.count(extension) > 0; }
  bool is_gpu() const { return properties.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU; }
  /// Host and device use the same memory. With the variable GLIM_DISCRETE they are treated as if they did
  /// not.
  bool unified() const {
    return (properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || !is_gpu()) && !discrete;
  }
};

/// One sentence for each thing that the shaders need and the device lacks. Source: performance.md D5.
std::vector<std::string> missing_requirements(const DeviceFacts& facts);

/// Exactly the required features, for creating a device.
struct RequiredFeatures {
  RequiredFeatures();
  VkPhysicalDeviceFeatures2 chain = {};
  RequiredFeatures(const RequiredFeatures&) = delete;
  RequiredFeatures& operator=(const RequiredFeatures&) = delete;

 private:
  VkPhysicalDeviceVulkan11Features features11_ = {};
  VkPhysicalDeviceVulkan12Features features12_ = {};
};

DeviceReport report(const DeviceFacts& facts);

}  // namespace glim::vulkan
