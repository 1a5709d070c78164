#pragma once

#include <memory>

#include "app/arguments.h"
#include "app/console.h"
#include "app/model_slot.h"
#include "app/one_shot.h"
#include "app/signals.h"

namespace glim::app {

/// What the commands need that load a model without a conversation on a screen.
struct ModelJob {
  const Arguments& arguments;
  const Settings& settings;
  Profile& profile;  ///< completed with the file's own recommendations when the model is loaded
  const ModelPlaces& places;
  EngineSource& source;
  Console& console;
  Signals& signals;
};

struct LoadedEngine {
  std::unique_ptr<Engine> engine;
  Plan plan;
};

/// Loads the profile's model and reports what the plan has to say on standard error. Throws Error,
/// LoadInterrupted.
LoadedEngine open_for(const ModelJob& job, EventWaiter& waiter);

/// "debug tokenize": standard input as one JSON array of token ids.
int debug_tokenize(const ModelJob& job);

/// "debug render": the request on standard input ({"messages", "tools", "kwargs", "now"}) as a prompt and
/// nothing else, with the model's template, or with --template and no model at all.
int debug_render(const ModelJob& job);

/// "debug logits": float32 [tokens][vocabulary] of the given tokens into a file.
int debug_logits(const ModelJob& job);

}  // namespace glim::app
