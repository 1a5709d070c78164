#pragma once

#include "engine/quant/quant_format.h"

namespace glim {

/// IEEE binary32.
template <>
struct Quant<QuantType::f32> {
  struct Block {
    float value;
  };
  static constexpr int kValues = 1;

  static void decode(const Block& block, float* out) { out[0] = block.value; }
  static void encode(const float* in, Block& block) { block.value = in[0]; }
};

}  // namespace glim
