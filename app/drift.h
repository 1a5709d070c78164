#pragma once

#include "app/quantize.h"

namespace glim::app {

/// "debug drift": how far the predictions of the model of -m, and of the files named besides, are from
/// those of --against on the text of -f. A table, or with --json an object, on standard output. A signal ends
/// it with 128 + its number.
int debug_drift(const ToolJob& job);

}  // namespace glim::app
