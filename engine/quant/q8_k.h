#pragma once

#include <cstdint>

#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values q * d, and the sum of every 16 codes; only for activations. d may be negative.
template <>
struct Quant<QuantType::q8_k> {
  struct Block {
    float d;
    std::int8_t q[256];
    std::int16_t sums[16];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    for (int i = 0; i < kValues; ++i) out[i] = block.d * static_cast<float>(block.q[i]);
  }
};

}  // namespace glim
