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
    std::uint8_t codes[kValues] = {};
    const float largest = signed_largest(in, kValues);
    const float inverse = usable_inverse(largest / static_cast<float>(kUnevenLevels[0]));
    float along = 0, size = 0;
    for (int i = 0; i < kValues && inverse != 0; ++i) {
      codes[i] = nearest_uneven_level(in[i] * inverse);
      const float level = kUnevenLevels[codes[i]], weight = in[i] * in[i];
      along += weight * level * in[i];
      size += weight * level * level;
    }
    block.d = f32_to_f16(size > 0 ? along / size : largest * 0);
    pack_nibbles(codes, block.qs);
  }

  /// Index of the nearest level, of two the upper.
  static std::uint8_t nearest_uneven_level(float x) {
    std::uint8_t index = 0;
    while (index < 15 &&
           x - static_cast<float>(kUnevenLevels[index]) >= static_cast<float>(kUnevenLevels[index + 1]) - x) {
      ++index;
    }
    return index;
  }
};

}  // namespace glim
