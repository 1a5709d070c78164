#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/grids.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// As IQ1_S, but a scale for every 16 values and a shift for every 8. There is no field for d: its binary16
/// is the top nibbles of the four words of `scales`, lowest first. Nibble k of qh holds three index bits and
/// the sign of the shift of point k.
template <>
struct Quant<QuantType::iq1_m> {
  struct Block {
    std::uint8_t qs[32];
    std::uint8_t qh[16];
    std::uint8_t scales[8];
  };
  static constexpr int kValues = 256;

  static float super_scale(const Block& block) {
    int bits = 0;
    for (int word = 0; word < 4; ++word) bits |= (block.scales[2 * word + 1] >> 4) << (4 * word);
    return f16_to_f32(static_cast<std::uint16_t>(bits));
  }

  static void decode(const Block& block, float* out) {
    const float d = super_scale(block);
    for (int k = 0; k < 32; ++k, out += 8) {
      const int group = k / 2, high = (block.qh[k / 2] >> (4 * (k % 2))) & 15;
      const int word = block.scales[group / 4 * 2] | block.scales[group / 4 * 2 + 1] << 8;
      const float step = d * static_cast<float>(2 * ((word >> (3 * (group % 4))) & 7) + 1);
      const int index = block.qs[k] | (high & 7) << 8;
      write_shifted_point(kIq1Grid[index], (high & 8) != 0 ? -0.125f : 0.125f, step, out);
    }
  }
};

}  // namespace glim
