#pragma once

#include "app/arguments.h"
#include "app/console.h"
#include "app/engine_source.h"
#include "app/model_name.h"
#include "app/paths.h"
#include "app/signals.h"

namespace glim::app {

/// What the commands need that measure models by name. All of it outlives the command.
struct Job {
  const Arguments& arguments;
  const Paths& paths;
  const ModelPlaces& places;
  EngineSource& source;
  Console& console;
  Signals& signals;
};

}  // namespace glim::app
