#pragma once

#include <optional>

#include "engine/events.h"

namespace glim {

/// To be called while an exception is handled: what it was, as the event that tells the owner of the engine.
/// Whatever is no Error of ours means that memory or another resource of the machine ran out (E201).
Failed current_failure(std::optional<SequenceId> sequence);

}  // namespace glim
