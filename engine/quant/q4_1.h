#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rounding.h"

namespace glim {

/// 32 values q * d + m. Byte i of qs holds value i in its low nibble and value i + 16 in its high nibble.
template <>
struct Quant<QuantType::q4_1> {
  struct Block {
    std::uint16_t d, m;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    const float m = f16_to_f32(block.m);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(block.qs[i] & 15) * d + m;
      out[i + 16] = static_cast<float>(block.qs[i] >> 4) * d + m;
    }
  }

  /// m is the least value and d = (largest - least) / 15.
  static void encode(const float* in, Block& block) {
    std::uint8_t codes[kValues];
    const Steps steps = round_between(in, 15, codes);
    block.d = f32_to_f16(steps.d);
    block.m = f32_to_f16(steps.m);
    pack_nibbles(codes, block.qs);
  }
};

}  // namespace glim
