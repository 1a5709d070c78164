#pragma once

#include <string>

#include "engine/backends.h"

namespace glim::app {

/// The devices as lines for people. Names from drivers are made safe to print.
std::string devices_text(const Devices& devices);

/// One object with stable names: "devices", each with "backend", "label", "uuid", "verified", "name", "kind",
/// "driver", "threads", "heaps", "subgroup_min", "subgroup_max", "features" and "missing", and "problems".
std::string devices_json(const Devices& devices);

}  // namespace glim::app
