#pragma once

#include <cstdint>

#include "engine/vulkan/instance.h"
#include "engine/vulkan/requirements.h"

namespace glim::vulkan {

/// The device at that place in Instance::devices(); for -1 the first of the best kind of those that can
/// compute. Throws E301 saying why there is none.
DeviceFacts choose_device(const Instance& instance, std::int32_t index = -1);

}  // namespace glim::vulkan
