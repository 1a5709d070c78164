#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in sixteen groups of 16, each d * (scale + 1/2) / 4 * sign * point: two points of eight values.
/// Each 16-bit word of qs is an index of nine bits below a sign code of seven.
template <>
struct Quant<QuantType::iq2_xs> {
  struct Block {
    std::uint16_t d;
    std::uint16_t qs[32];
    std::uint8_t scales[8];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int k = 0; k < 32; ++k, out += 8) {
      const int scale = (block.scales[k / 4] >> (4 * (k / 2 % 2))) & 15;
      const float step = d * (0.5f + static_cast<float>(scale)) * 0.25f;
      write_point(kIq2XsGrid[block.qs[k] & 511], sign_mask(block.qs[k] >> 9), step, out);
    }
  }
};

}  // namespace glim
