#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// As IQ2_XS with a larger grid and eight signs for every point: qs holds the low eight bits of the indices,
/// qh their upper two, four to a byte.
template <>
struct Quant<QuantType::iq2_s> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[32];
    std::uint8_t signs[32];
    std::uint8_t qh[8];
    std::uint8_t scales[8];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int k = 0; k < 32; ++k, out += 8) {
      const int scale = (block.scales[k / 4] >> (4 * (k / 2 % 2))) & 15;
      const int index = block.qs[k] | ((block.qh[k / 4] >> (2 * (k % 4))) & 3) << 8;
      write_point(kIq2SGrid[index], block.signs[k], d * (0.5f + static_cast<float>(scale)) * 0.25f, out);
    }
  }
};

}  // namespace glim
