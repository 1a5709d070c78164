#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in eight groups of 32, each d * (scale - 32) * level with the levels and the order of nibbles
/// of IQ4_NL. The six bits of scale g: nibble g mod 2 of scales_low[g div 2], and bits 2g of scales_high.
template <>
struct Quant<QuantType::iq4_xs> {
  struct Block {
    std::uint16_t d;
    std::uint16_t scales_high;
    std::uint8_t scales_low[4];
    std::uint8_t qs[128];
  };
  static constexpr int kValues = 256;

  static int scale(const Block& block, int group) {
    const int low = (block.scales_low[group / 2] >> (4 * (group % 2))) & 15;
    return (low | ((block.scales_high >> (2 * group)) & 3) << 4) - 32;
  }

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int group = 0; group < 8; ++group, out += 32) {
      const float step = d * static_cast<float>(scale(block, group));
      const std::uint8_t* qs = block.qs + 16 * group;
      for (int i = 0; i < 16; ++i) {
        out[i] = step * static_cast<float>(kUnevenLevels[qs[i] & 15]);
        out[i + 16] = step * static_cast<float>(kUnevenLevels[qs[i] >> 4]);
      }
    }
  }
};

}  // namespace glim
