#pragma once

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/model/model.h"

namespace glim {

/// The plan for a model that is open already, also when it does not fit: plan() is this, and refuses with
/// E201 what Plan::fit() calls `no`. Throws E110-E113, E301, E603.
Plan plan_for(const GgufFile& model, const EngineOptions& options);

/// The name of what is to compute: EngineOptions::backend, and where that is "auto" the graphics card that
/// device_choice() finds if the model fits there, else the processor. `note`, if not null, is told what
/// people should know of it, or nothing. Throws E301, and what plan_for() throws.
std::string settled_backend(const GgufFile& model, const EngineOptions& options, std::string* note = nullptr);

/// The largest step of an engine with these options: logits for one row of every sequence, and for enough
/// rows to score a text at a good speed.
StepLimits step_limits(const EngineOptions& options);

}  // namespace glim
