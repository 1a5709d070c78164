#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 128 values +d or -d: bit i of qs is set for +d.
template <>
struct Quant<QuantType::q1_0> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[16];
  };
  static constexpr int kValues = 128;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) out[i] = ((block.qs[i / 8] >> (i % 8)) & 1) != 0 ? d : -d;
  }
};

}  // namespace glim
