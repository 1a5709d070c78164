#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// IEEE binary16.
template <>
struct Quant<QuantType::f16> {
  struct Block {
    std::uint16_t bits;
  };
  static constexpr int kValues = 1;

  static void decode(const Block& block, float* out) { out[0] = f16_to_f32(block.bits); }
  static void encode(const float* in, Block& block) { block.bits = f32_to_f16(in[0]); }
};

}  // namespace glim
