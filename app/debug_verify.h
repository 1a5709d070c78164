#pragma once

#include <string>

#include "app/model_tools.h"
#include "engine/backends.h"
#include "engine/measure/lockstep.h"

namespace glim::app {

/// "debug verify": two backends side by side, stage by stage. Returns 8 when a result is further away than
/// the tolerance. Throws E501 for a backend that is compared with itself.
int debug_verify(const ModelJob& job);

/// "devices --verify": runs the built-in model in three formats on every graphics device beside the
/// processor, remembers which devices are right (engine/verified_devices.h) and says so. Returns 8 when one
/// is not. Throws E701.
int verify_devices(const Devices& devices, const ModelPlaces& places, Console& console, Signals& signals);

/// The worst distance of every result, and what is beyond the tolerance.
std::string lockstep_text(const Lockstep& lockstep, double tolerance);
/// One object: "expected", "found", "tolerance", "choices", "other_choices", "worst" and "beyond".
std::string lockstep_json(const Lockstep& lockstep, double tolerance);

}  // namespace glim::app
