#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// As Q4_0_ROCMFP4 with one scale for all 32 values.
template <>
struct Quant<QuantType::q4_0_rocmfp4_fast> {
  struct Block {
    std::uint8_t qs[16];
    std::uint8_t e;
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = half_e4m3(block.e);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(kRocmFp4Levels[block.qs[i] & 15]) * d;
      out[i + 16] = static_cast<float>(kRocmFp4Levels[block.qs[i] >> 4]) * d;
    }
  }
};

}  // namespace glim
