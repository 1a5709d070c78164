#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rounding.h"

namespace glim {

/// 32 values level * d with four-bit indices into a table of uneven levels; nibbles as in Q4_0.
template <>
struct Quant<QuantType::iq4_nl> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(kUnevenLevels[block.qs[i] & 15]);
      out[i + 16] = d * static_cast<float>(kUnevenLevels[block.qs[i] >> 4]);
    }
  }

  /// Codes as if the value of largest magnitude had the level -127, then the d of least squares for them,
  /// each value weighing by its square.
  static void encode(const float* in, Block& block) {
    std::int32_t nearest[kValues] = {};
    const float largest = signed_largest(in, kValues);
    const float inverse = usable_inverse(largest / static_cast<float>(kUnevenLevels[0]));
    for (int k = 0; k < 15 && inverse != 0; ++k) {
      // Half way between two levels counts to the upper.
      const float edge = 0.5f * static_cast<float>(kUnevenLevels[k] + kUnevenLevels[k + 1]);
      for (int i = 0; i < kValues; ++i) nearest[i] += in[i] * inverse >= edge ? 1 : 0;
    }
    std::uint8_t codes[kValues];
    float along = 0, size = 0;
    for (int i = 0; i < kValues; ++i) {
      codes[i] = static_cast<std::uint8_t>(nearest[i]);
      const float level = kUnevenLevels[codes[i]], weight = inverse != 0 ? in[i] * in[i] : 0.0f;
      along += weight * level * in[i];
      size += weight * level * level;
    }
    block.d = f32_to_f16(size > 0 ? along / size : largest * 0);
    pack_nibbles(codes, block.qs);
  }
};

}  // namespace glim
