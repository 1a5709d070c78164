#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in sixteen groups of 16, each d * scale * q - dmin * minimum with two bits per value. A byte of
/// `scales` holds the scale of a group in its low nibble and the minimum in the high one. Each half of 128
/// values is four runs of 32 that share 32 bytes of qs, run k at bit 2k.
template <>
struct Quant<QuantType::q2_k> {
  struct Block {
    std::uint8_t scales[16];
    std::uint8_t qs[64];
    std::uint16_t d, dmin;
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
    for (int group = 0; group < 16; ++group) {
      const float scale = d * static_cast<float>(block.scales[group] & 15);
      const float minimum = dmin * static_cast<float>(block.scales[group] >> 4);
      const std::uint8_t* qs = block.qs + 32 * (group / 8) + 16 * (group % 2);
      const int shift = 2 * (group % 8 / 2);
      for (int i = 0; i < 16; ++i)
        out[16 * group + i] = scale * static_cast<float>((qs[i] >> shift) & 3) - minimum;
    }
  }
};

}  // namespace glim
