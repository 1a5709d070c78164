#pragma once

#include <vector>

#include "tests/support/hf_model.h"

namespace glim {

/// Adds `tensor` in the way of `style` to a safetensors file, rounding its values in the simplest way that
/// the layout allows. Returns the values as stored.
std::vector<float> store(TinySafetensors& file, const HfTensor& tensor, HfStyle style);

}  // namespace glim
