#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values q * d, and their sum; only for activations. s = d * sum of the codes, with d before its
/// rounding.
template <>
struct Quant<QuantType::q8_1> {
  struct Block {
    std::uint16_t d, s;
    std::int8_t q[32];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) out[i] = static_cast<float>(block.q[i]) * d;
  }
};

}  // namespace glim
