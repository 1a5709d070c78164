#pragma once

#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in eight groups of 32, each d * (scale + 1/2) / 4 * sign * point: four points of eight values.
/// Of the 8 bytes of a group the first four are indices of points, the others four seven-bit sign codes with
/// the scale on top.
template <>
struct Quant<QuantType::iq2_xxs> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[64];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int group = 0; group < 8; ++group) {
      const std::uint8_t* qs = block.qs + 8 * group;
      const std::uint32_t word = load_u32(qs + 4);
      const float step = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      for (int k = 0; k < 4; ++k, out += 8)
        write_point(kIq2XxsGrid[qs[k]], sign_mask(word >> (7 * k)), step, out);
    }
  }
};

}  // namespace glim
