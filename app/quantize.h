#pragma once

#include "app/console.h"
#include "app/model_name.h"
#include "app/signals.h"
#include "app/tool_arguments.h"

namespace glim::app {

/// What the commands need that make files. A signal ends them with 128 + its number and without a file.
struct ToolJob {
  const ToolArguments& arguments;
  const ModelPlaces& places;
  Console& console;
  Signals& signals;
};

int quantize(const ToolJob& job);
int debug_write_shape(const ToolJob& job);

}  // namespace glim::app
