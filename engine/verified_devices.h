#pragma once

#include "engine/tensor/device_report.h"

namespace glim {

/// Whether the results of this device, with its driver and the shaders of this program, have been compared
/// with those of the processor and found right (`glim devices --verify`). Kept in the cache folder.
bool is_verified(const DeviceReport& device);
/// Throws E701 when it cannot be kept.
void set_verified(const DeviceReport& device, bool right);

}  // namespace glim
