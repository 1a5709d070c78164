#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values d * (scale - 32) * q with three bits each, one six-bit scale for every 16. The low two bits lie
/// as in Q2_K; q loses 4 where bit g of hmask[i mod 32] is clear, g being the group of 32. Scale j has its
/// low nibble in nibble j div 8 of byte j mod 8 and its upper two bits at bit 2 (j div 4) of byte 8 + j
/// mod 4.
template <>
struct Quant<QuantType::q3_k> {
  struct Block {
    std::uint8_t hmask[32];
    std::uint8_t qs[64];
    std::uint8_t scales[12];
    std::uint16_t d;
  };
  static constexpr int kValues = 256;

  static int scale(const Block& block, int j) {
    const int low = (block.scales[j % 8] >> (4 * (j / 8))) & 15;
    const int high = (block.scales[8 + j % 4] >> (2 * (j / 4))) & 3;
    return (low | high << 4) - 32;
  }

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int group = 0; group < 16; ++group) {
      const float step = d * static_cast<float>(scale(block, group));
      const int first = 16 * (group % 2), shift = 2 * (group % 8 / 2);
      const std::uint8_t* qs = block.qs + 32 * (group / 8) + first;
      for (int i = 0; i < 16; ++i) {
        const int high = (block.hmask[first + i] >> (group / 2)) & 1;
        out[16 * group + i] = step * static_cast<float>(((qs[i] >> shift) & 3) - (high != 0 ? 0 : 4));
      }
    }
  }
};

}  // namespace glim
