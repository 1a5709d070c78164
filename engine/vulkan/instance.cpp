#include "engine/vulkan/instance.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/vulkan/handle.h"

namespace glim::vulkan {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                        VkDebugUtilsMessageTypeFlagsEXT,
                                        const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
  std::fprintf(stderr, "Vulkan validation: %s\n", printable(data->pMessage).c_str());
  std::abort();
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info() {
  VkDebugUtilsMessengerCreateInfoEXT info = {};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = complain;
  return info;
}

VkInstance create(bool validate) {
  VkApplicationInfo application = {};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = "glim";
  application.apiVersion = VK_API_VERSION_1_2;
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;

  VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info();
  constexpr std::array kChecks = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkValidationFeaturesEXT features = {};
  features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
  features.enabledValidationFeatureCount = kChecks.size();
  features.pEnabledValidationFeatures = kChecks.data();
  features.pNext = &messenger;
  const char* extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
  if (validate) {
    info.pNext = &features;
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &kValidationLayer;
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = extensions;
  }
  VkInstance instance = VK_NULL_HANDLE;
  const VkResult result = vkCreateInstance(&info, nullptr, &instance);
  if (result == VK_ERROR_LAYER_NOT_PRESENT) {
    throw Error(ErrorCode::E301,
                "GLIM_VALIDATE is set but there are no validation layers; install "
                "vulkan-validationlayers or unset it");
  }
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    throw Error(ErrorCode::E301,
                "this machine has no Vulkan driver; install mesa-vulkan-drivers or the driver of "
                "the graphics card, or use --backend cpu");
  }
  check(result, "starting Vulkan");
  return instance;
}

}  // namespace

bool can_validate() {
  std::uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vkEnumerateInstanceLayerProperties(&count, layers.data());
  return std::any_of(layers.begin(), layers.end(), [](const VkLayerProperties& layer) {
    return std::string_view(layer.layerName) == kValidationLayer;
  });
}

Instance::Instance() {
  const bool validate = std::getenv("GLIM_VALIDATE") != nullptr;
  handle_ = create(validate);
  if (!validate) return;
  const auto make = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
      vkGetInstanceProcAddr(handle_, "vkCreateDebugUtilsMessengerEXT"));
  const VkDebugUtilsMessengerCreateInfoEXT info = messenger_info();
  if (make != nullptr) make(handle_, &info, nullptr, &messenger_);
}

Instance::~Instance() {
  const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
      vkGetInstanceProcAddr(handle_, "vkDestroyDebugUtilsMessengerEXT"));
  if (messenger_ != VK_NULL_HANDLE && destroy != nullptr) destroy(handle_, messenger_, nullptr);
  vkDestroyInstance(handle_, nullptr);
}

std::vector<VkPhysicalDevice> Instance::devices() const {
  std::uint32_t count = 0;
  check(vkEnumeratePhysicalDevices(handle_, &count, nullptr), "looking for Vulkan devices");
  std::vector<VkPhysicalDevice> devices(count);
  check(vkEnumeratePhysicalDevices(handle_, &count, devices.data()), "looking for Vulkan devices");
  return devices;
}

}  // namespace glim::vulkan
