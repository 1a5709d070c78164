#pragma once

#include <functional>

#include "app/compare/runner.h"
#include "app/signals.h"

namespace glim::app {

/// Starts a comparison and runs it until nothing is left to do. `changed` hears of every change. A signal
/// stops it with what there is, a second one at once; returns 128 + the number of the first, else 0.
int run_to_end(CompareRunner& runner, Signals& signals,
               const std::function<void(const Comparison&)>& changed);

}  // namespace glim::app
