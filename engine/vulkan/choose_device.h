#pragma once

#include "engine/vulkan/instance.h"
#include "engine/vulkan/requirements.h"

namespace glim::vulkan {

/// Of the devices that can compute the first of the best kind. Throws E301 saying why there is none.
DeviceFacts choose_device(const Instance& instance);

}  // namespace glim::vulkan
