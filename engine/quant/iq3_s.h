#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values in eight groups of 32, each d * (2 scale + 1) * sign * point: eight points of four values with
/// nine-bit indices, the ninth bit of point k at bit k mod 8 of qh[k div 8]; a sign for every value.
/// The encoder does not skip its output behind a group of zeros, as some writers do.
template <>
struct Quant<QuantType::iq3_s> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[64];
    std::uint8_t qh[8];
    std::uint8_t signs[32];
    std::uint8_t scales[4];
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int k = 0; k < 32; ++k, out += 8) {
      const int group = k / 4, scale = (block.scales[group / 2] >> (4 * (group % 2))) & 15;
      const float step = d * static_cast<float>(1 + 2 * scale);
      const int qh = block.qh[group] >> (2 * (k % 4));
      const std::uint64_t low = kIq3SGrid[block.qs[2 * k] | (qh & 1) << 8];
      const std::uint64_t high = kIq3SGrid[block.qs[2 * k + 1] | (qh & 2) << 7];
      write_point(low | high << 32, block.signs[k], step, out);
    }
  }
};

}  // namespace glim
