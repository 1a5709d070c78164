#pragma once

#include "app/arguments.h"
#include "app/console.h"
#include "app/engine_source.h"

namespace glim::app {

/// Does what the arguments ask for and returns the exit status. Everything that goes wrong comes out as an
/// exception: Error, OutputClosed, LoadInterrupted.
int run_program(const Arguments& arguments, EngineSource& source, Console& console);

}  // namespace glim::app
