#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values of sign and magnitude 0, 1, 2 or 4 times a scale, three bits each, lowest first; two scales as
/// in Q4_0_ROCMFP4.
template <>
struct Quant<QuantType::q3_0_rocmfpx> {
  struct Block {
    std::uint8_t qs[12];
    std::uint8_t e[2];
  };
  static constexpr int kValues = 32;

  static int code(const Block& block, int i) {
    const int bit = 3 * i, word = block.qs[bit / 8] | (bit / 8 < 11 ? block.qs[bit / 8 + 1] << 8 : 0);
    return (word >> (bit % 8)) & 7;
  }

  static void decode(const Block& block, float* out) {
    for (int i = 0; i < kValues; ++i)
      out[i] = static_cast<float>(kRocmFp3Levels[code(block, i)]) * half_e4m3(block.e[i / 16]);
  }
};

}  // namespace glim
