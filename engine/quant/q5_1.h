#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/fifth_bit.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rounding.h"

namespace glim {

/// 32 values q * d + m with five bits each: bit i of qh is the highest bit of value i.
/// Byte i of qs holds value i in its low nibble and value i + 16 in its high nibble.
template <>
struct Quant<QuantType::q5_1> {
  struct Block {
    std::uint16_t d, m;
    std::uint8_t qh[4];
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    const float m = f16_to_f32(block.m);
    for (int i = 0; i < 16; ++i) {
      const int low = (block.qs[i] & 15) | fifth_bit(block.qh, i);
      const int high = (block.qs[i] >> 4) | fifth_bit(block.qh, i + 16);
      out[i] = static_cast<float>(low) * d + m;
      out[i + 16] = static_cast<float>(high) * d + m;
    }
  }

  /// m is the least value and d = (largest - least) / 31.
  static void encode(const float* in, Block& block) {
    std::uint8_t codes[kValues];
    const Steps steps = round_between(in, 31, codes);
    block.d = f32_to_f16(steps.d);
    block.m = f32_to_f16(steps.m);
    pack_nibbles(codes, block.qs);
    pack_fifth_bits(codes, block.qh);
  }
};

}  // namespace glim
