#pragma once

#include <vulkan/vulkan.h>

#include <vector>

namespace glim::vulkan {

/// The connection to the Vulkan drivers of this machine. With GLIM_VALIDATE in the environment the validation
/// layers watch every call, with checks of synchronisation, and what they complain about is printed and ends
/// the program.
class Instance {
 public:
  /// Throws E301 when there is no driver, or no validation layer although one is asked for.
  Instance();
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance handle() const { return handle_; }
  std::vector<VkPhysicalDevice> devices() const;

 private:
  VkInstance handle_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
};

/// Whether the validation layers are installed.
bool can_validate();

}  // namespace glim::vulkan
