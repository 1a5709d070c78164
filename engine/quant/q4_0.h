#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rounding.h"

namespace glim {

/// 32 values (q - 8) * d. Byte i of qs holds value i in its low nibble and value i + 16 in its high nibble.
template <>
struct Quant<QuantType::q4_0> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((block.qs[i] & 15) - 8) * d;
      out[i + 16] = static_cast<float>((block.qs[i] >> 4) - 8) * d;
    }
  }

  /// d = the value of largest magnitude / -8.
  static void encode(const float* in, Block& block) {
    std::uint8_t codes[kValues];
    block.d = f32_to_f16(round_symmetric(in, 8, codes));
    pack_nibbles(codes, block.qs);
  }
};

}  // namespace glim
