#pragma once

#include <span>

#include "engine/quantize/encoders.h"

namespace glim {

/// The same encoders compiled for different instruction sets; they write the same bytes. Empty where the
/// processor or the compiler lacks the set.
std::span<const Encoder> portable_scalar_encoders();
std::span<const Encoder> avx2_scalar_encoders();

}  // namespace glim
