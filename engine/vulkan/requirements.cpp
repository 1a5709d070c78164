#include "engine/vulkan/requirements.h"

#include <algorithm>
#include <cstdlib>

#include "engine/base/text.h"

namespace glim::vulkan {
namespace {

template <typename Features>
struct Requirement {
  VkBool32 Features::*member;
  const char* name;
};

constexpr Requirement<VkPhysicalDeviceFeatures> kRequired[] = {
    {&VkPhysicalDeviceFeatures::shaderInt16, "shaderInt16"},
    {&VkPhysicalDeviceFeatures::shaderInt64, "shaderInt64"},
};
constexpr Requirement<VkPhysicalDeviceVulkan11Features> kRequired11[] = {
    {&VkPhysicalDeviceVulkan11Features::storageBuffer16BitAccess, "storageBuffer16BitAccess"},
};
constexpr Requirement<VkPhysicalDeviceVulkan12Features> kRequired12[] = {
    {&VkPhysicalDeviceVulkan12Features::storageBuffer8BitAccess, "storageBuffer8BitAccess"},
    {&VkPhysicalDeviceVulkan12Features::shaderInt8, "shaderInt8"},
    {&VkPhysicalDeviceVulkan12Features::scalarBlockLayout, "scalarBlockLayout"},
    {&VkPhysicalDeviceVulkan12Features::bufferDeviceAddress, "bufferDeviceAddress"},
    {&VkPhysicalDeviceVulkan12Features::vulkanMemoryModel, "vulkanMemoryModel"},
    {&VkPhysicalDeviceVulkan12Features::vulkanMemoryModelDeviceScope, "vulkanMemoryModelDeviceScope"},
    {&VkPhysicalDeviceVulkan12Features::timelineSemaphore, "timelineSemaphore"},
    {&VkPhysicalDeviceVulkan12Features::hostQueryReset, "hostQueryReset"},
};

constexpr std::uint32_t kSharedBytes = 32 << 10, kInvocations = 256, kPushBytes = 128;

template <typename Features, std::size_t count>
void check_features(const Requirement<Features> (&rows)[count], const Features& present,
                    std::vector<std::string>& missing) {
  for (const Requirement<Features>& row : rows) {
    if (present.*row.member == VK_FALSE)
      missing.push_back(strf("the device or its driver lacks the feature %s", row.name));
  }
}

void check_limit(const char* name, std::uint64_t found, std::uint64_t needed,
                 std::vector<std::string>& missing) {
  if (found >= needed) return;
  missing.push_back(strf("%s is %llu, at least %llu are needed", name, static_cast<unsigned long long>(found),
                         static_cast<unsigned long long>(needed)));
}

const char* kind_of(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete GPU";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated GPU";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return "virtual GPU";
    default:
      return "software";
  }
}

}  // namespace

DeviceFacts::DeviceFacts(VkPhysicalDevice device)
    : physical(device),
      vulkan11{},
      vulkan12{},
      subgroup_sizes{},
      features11{},
      features12{},
      integer_dot{},
      integer_dot_speed{},
      largest_allocation(0),
      discrete(std::getenv("GLIM_DISCRETE") != nullptr) {
  std::uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> found(count);
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, found.data());
  for (const VkExtensionProperties& extension : found) extensions.insert(extension.extensionName);
  vkGetPhysicalDeviceProperties(physical, &properties);
  vkGetPhysicalDeviceFeatures(physical, &features);
  vkGetPhysicalDeviceMemoryProperties(physical, &memory);
  if (properties.apiVersion < VK_API_VERSION_1_2) return;

  vulkan11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES;
  vulkan12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES;
  subgroup_sizes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES;
  integer_dot_speed.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES;
  VkPhysicalDeviceProperties2 chain = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &vulkan11, {}};
  vulkan11.pNext = &vulkan12;
  void** next = &vulkan12.pNext;
  if (has(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) *next = &subgroup_sizes, next = &subgroup_sizes.pNext;
  const bool dot = has(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
  if (dot) *next = &integer_dot_speed;
  vkGetPhysicalDeviceProperties2(physical, &chain);
  largest_allocation = vulkan11.maxMemoryAllocationSize;

  features11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  integer_dot.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES;
  VkPhysicalDeviceFeatures2 wanted = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features11, {}};
  features11.pNext = &features12;
  if (dot) features12.pNext = &integer_dot;
  vkGetPhysicalDeviceFeatures2(physical, &wanted);

  if (!has(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME)) return;
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {};
  budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
  VkPhysicalDeviceMemoryProperties2 asked = {
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, &budget, {}};
  vkGetPhysicalDeviceMemoryProperties2(physical, &asked);
  for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    const std::uint64_t used = std::min(budget.heapUsage[i], budget.heapBudget[i]);
    budgets.push_back(budget.heapBudget[i] - used);
  }
}

std::vector<std::string> missing_requirements(const DeviceFacts& facts) {
  const std::uint32_t version = facts.properties.apiVersion;
  if (version < VK_API_VERSION_1_2) {
    return {strf("the driver has Vulkan %u.%u, at least 1.2 is needed", VK_API_VERSION_MAJOR(version),
                 VK_API_VERSION_MINOR(version))};
  }
  std::vector<std::string> missing;
  check_features(kRequired, facts.features, missing);
  check_features(kRequired11, facts.features11, missing);
  check_features(kRequired12, facts.features12, missing);
  constexpr VkSubgroupFeatureFlags kSubgroup =
      VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT |
      VK_SUBGROUP_FEATURE_BALLOT_BIT;
  if ((facts.vulkan11.subgroupSupportedOperations & kSubgroup) != kSubgroup ||
      (facts.vulkan11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) == 0) {
    missing.emplace_back("compute shaders lack subgroup arithmetic, shuffle or ballot");
  }
  const VkPhysicalDeviceLimits& limits = facts.properties.limits;
  check_limit("maxComputeSharedMemorySize", limits.maxComputeSharedMemorySize, kSharedBytes, missing);
  check_limit("maxComputeWorkGroupInvocations", limits.maxComputeWorkGroupInvocations, kInvocations, missing);
  check_limit("maxPushConstantsSize", limits.maxPushConstantsSize, kPushBytes, missing);
  return missing;
}

RequiredFeatures::RequiredFeatures() {
  chain.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features11_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features12_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  chain.pNext = &features11_;
  features11_.pNext = &features12_;
  for (const auto& row : kRequired) chain.features.*row.member = VK_TRUE;
  for (const auto& row : kRequired11) features11_.*row.member = VK_TRUE;
  for (const auto& row : kRequired12) features12_.*row.member = VK_TRUE;
}

DeviceReport report(const DeviceFacts& facts) {
  DeviceReport out;
  out.backend = "vulkan";
  out.name = facts.properties.deviceName;
  out.kind = kind_of(facts.properties.deviceType);
  for (const std::uint8_t byte : facts.vulkan11.deviceUUID) out.uuid += strf("%02x", byte);
  const std::uint32_t api = facts.properties.apiVersion;
  out.driver = strf("%s %s, Vulkan %u.%u.%u", facts.vulkan12.driverName, facts.vulkan12.driverInfo,
                    VK_API_VERSION_MAJOR(api), VK_API_VERSION_MINOR(api), VK_API_VERSION_PATCH(api));
  for (std::uint32_t i = 0; i < facts.memory.memoryHeapCount; ++i) {
    const VkMemoryHeap& heap = facts.memory.memoryHeaps[i];
    out.heaps.push_back({heap.size, facts.budgets.empty() ? 0 : facts.budgets[i],
                         (heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0});
  }
  const auto fixed = static_cast<std::int32_t>(facts.vulkan11.subgroupSize);
  const auto low = static_cast<std::int32_t>(facts.subgroup_sizes.minSubgroupSize),
             high = static_cast<std::int32_t>(facts.subgroup_sizes.maxSubgroupSize);
  out.subgroup_min = low > 0 ? low : fixed;
  out.subgroup_max = high > 0 ? high : fixed;
  out.missing = missing_requirements(facts);
  const bool usable = out.missing.empty();
  const bool packed = facts.integer_dot_speed.integerDotProduct4x8BitPackedSignedAccelerated != VK_FALSE;
  out.features = {
      {"buffer device addresses", facts.features12.bufferDeviceAddress != VK_FALSE, usable},
      {"8-bit integers", facts.features12.shaderInt8 != VK_FALSE, usable},
      {"16-bit floats", facts.features12.shaderFloat16 != VK_FALSE, false},
      {"integer dot product", facts.integer_dot.shaderIntegerDotProduct != VK_FALSE, false},
      {"integer dot product in hardware", packed, false},
      {"cooperative matrices",
       facts.has("VK_KHR_cooperative_matrix") || facts.has("VK_NV_cooperative_matrix"), false},
      {"memory budget", !facts.budgets.empty(), usable && !facts.budgets.empty()},
  };
  return out;
}

}  // namespace glim::vulkan
