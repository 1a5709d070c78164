#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in eight groups of 32, each d * (2 scale + 1) * (point + shift): four points of eight values
/// -1, 0 or 1 with indices of eleven bits; the shift is +1/8 or -1/8. Word g of qh: the upper three bits of
/// the four indices, the scale at bit 12, the sign of the shift at bit 15.
template <>
struct Quant<QuantType::iq1_s> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[32];
    std::uint16_t qh[8];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int k = 0; k < 32; ++k, out += 8) {
      const int word = block.qh[k / 4];
      const float step = d * static_cast<float>(2 * ((word >> 12) & 7) + 1);
      const int index = block.qs[k] | ((word >> (3 * (k % 4))) & 7) << 8;
      write_shifted_point(kIq1Grid[index], (word & 0x8000) != 0 ? -0.125f : 0.125f, step, out);
    }
  }
};

}  // namespace glim
