#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values level * scale with two unsigned E4M3 scales: the low nibbles (values 0 to 15) take the first,
/// the high ones (16 to 31) the second. The largest level is 10, not FP4's 12.
template <>
struct Quant<QuantType::q4_0_rocmfp4> {
  struct Block {
    std::uint8_t qs[16];
    std::uint8_t e[2];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float low = half_e4m3(block.e[0]), high = half_e4m3(block.e[1]);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(kRocmFp4Levels[block.qs[i] & 15]) * low;
      out[i + 16] = static_cast<float>(kRocmFp4Levels[block.qs[i] >> 4]) * high;
    }
  }
};

}  // namespace glim
