#pragma once

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"

namespace glim {

/// The plan for a model that is open already, also when it does not fit: plan() is this, and refuses with
/// E201 what Plan::fit() calls `no`. Throws E110-E113, E301, E603.
Plan plan_for(const GgufFile& model, const EngineOptions& options);

}  // namespace glim
