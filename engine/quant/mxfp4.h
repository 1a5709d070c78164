#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values level * 2^(e - 128) in the levels of FP4 (E2M1) times two; nibbles as in Q4_0. Source: OCP
/// Microscaling Formats 1.0, whose exponent 255 is not a number; here it is 2^127, as in other readers.
template <>
struct Quant<QuantType::mxfp4> {
  struct Block {
    std::uint8_t e;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = half_power_of_two(block.e);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(kFp4Levels[block.qs[i] & 15]) * d;
      out[i + 16] = static_cast<float>(kFp4Levels[block.qs[i] >> 4]) * d;
    }
  }
};

}  // namespace glim
