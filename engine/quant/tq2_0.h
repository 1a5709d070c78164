#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values (q - 1) * d with two bits each, laid out as in Q2_K. Code 3 is +2 and is never written.
template <>
struct Quant<QuantType::tq2_0> {
  struct Block {
    std::uint8_t qs[64];
    std::uint16_t d;
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int run = 0; run < 8; ++run) {
      const std::uint8_t* qs = block.qs + 32 * (run / 4);
      for (int i = 0; i < 32; ++i)
        out[32 * run + i] = static_cast<float>(((qs[i] >> (2 * (run % 4))) & 3) - 1) * d;
    }
  }
};

}  // namespace glim
