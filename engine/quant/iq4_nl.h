#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values level * d with four-bit indices into a table of uneven levels; nibbles as in Q4_0.
template <>
struct Quant<QuantType::iq4_nl> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(kUnevenLevels[block.qs[i] & 15]);
      out[i + 16] = d * static_cast<float>(kUnevenLevels[block.qs[i] >> 4]);
    }
  }
};

}  // namespace glim
