#pragma once

#include <memory>

#include "engine/tensor/backend.h"

namespace glim {

/// The specification of every stage: plain scalar code with double accumulators that reads the file layout of
/// any weight type. One thread; results do not depend on which rows share a step.
std::unique_ptr<Backend> make_reference_backend();

}  // namespace glim
