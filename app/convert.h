#pragma once

#include "app/arguments.h"
#include "app/console.h"

namespace glim::app {

/// "convert": writes a model folder (safetensors) as a GGUF file and tells on standard output what was kept
/// as it was and what was rounded. Progress goes to standard error. Returns the exit
/// status. Throws Error as convert_checkpoint does, E501 for a type that does not exist.
int convert_model(const Arguments& arguments, Console& console);

}  // namespace glim::app
