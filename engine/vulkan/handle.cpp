#include "engine/vulkan/handle.h"

#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::vulkan {

void check(VkResult result, std::string_view what) {
  if (result == VK_SUCCESS) return;
  const std::string name(what);
  switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      throw Error(ErrorCode::E201,
                  strf("%s: the Vulkan device has no memory left; use a smaller context or a "
                       "smaller quant, or close other programs",
                       name.c_str()));
    case VK_ERROR_DEVICE_LOST:
      throw Error(ErrorCode::E302, strf("%s: the Vulkan device stopped working (device lost); load the model "
                                        "again, and look into the system log if it happens again",
                                        name.c_str()));
    default:
      throw Error(ErrorCode::E301, strf("%s: the Vulkan driver answered with error %d; update the driver or "
                                        "use --backend cpu",
                                        name.c_str(), static_cast<int>(result)));
  }
}

}  // namespace glim::vulkan
