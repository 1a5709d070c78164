#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// The upper half of an IEEE binary32.
template <>
struct Quant<QuantType::bf16> {
  struct Block {
    std::uint16_t bits;
  };
  static constexpr int kValues = 1;

  static void decode(const Block& block, float* out) { out[0] = bf16_to_f32(block.bits); }
  static void encode(const float* in, Block& block) { block.bits = f32_to_bf16(in[0]); }
};

}  // namespace glim
