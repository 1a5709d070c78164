#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/scale_pairs.h"

namespace glim {

/// 256 values in eight groups of 32, each d * scale * q - dmin * minimum, laid out like Q4_K; the fifth bit
/// of value i of group g is bit g of qh[i].
template <>
struct Quant<QuantType::q5_k> {
  struct Block {
    std::uint16_t d, dmin;
    std::uint8_t scales[12];
    std::uint8_t qh[32];
    std::uint8_t qs[128];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d), dmin = f16_to_f32(block.dmin);
    for (int group = 0; group < 8; ++group) {
      const ScalePair pair = scale_pair(block.scales, group);
      const float scale = d * static_cast<float>(pair.scale),
                  minimum = dmin * static_cast<float>(pair.minimum);
      const std::uint8_t* qs = block.qs + 32 * (group / 2);
      const int shift = 4 * (group % 2);
      for (int i = 0; i < 32; ++i) {
        const int q = ((qs[i] >> shift) & 15) | (((block.qh[i] >> group) & 1) << 4);
        out[32 * group + i] = scale * static_cast<float>(q) - minimum;
      }
    }
  }
};

}  // namespace glim
