#pragma once

#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in eight groups of 32, each d * (scale + 1/2) / 2 * sign * point: eight points of four values.
/// `signs` has a 32-bit word for every group: four seven-bit sign codes, each for eight values, below the
/// scale.
template <>
struct Quant<QuantType::iq3_xxs> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[64];
    std::uint8_t signs[32];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int group = 0; group < 8; ++group) {
      const std::uint32_t word = load_u32(block.signs + 4 * group);
      const float step = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      for (int k = 0; k < 4; ++k, out += 8) {
        const std::uint8_t* qs = block.qs + 8 * group + 2 * k;
        const std::uint64_t low = kIq3XxsGrid[qs[0]], high = kIq3XxsGrid[qs[1]];
        write_point(low | high << 32, sign_mask(word >> (7 * k)), step, out);
      }
    }
  }
};

}  // namespace glim
