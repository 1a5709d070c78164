#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values code * scale with six bits of sign and magnitude, lowest bits first; the code of minus zero is
/// -32. Two scales as in Q4_0_ROCMFP4.
template <>
struct Quant<QuantType::q6_0_rocmfpx> {
  struct Block {
    std::uint8_t qs[24];
    std::uint8_t e[2];
  };
  static constexpr int kValues = 32;

  static int code(const Block& block, int i) {
    const int bit = 6 * i, word = block.qs[bit / 8] | (bit / 8 < 23 ? block.qs[bit / 8 + 1] << 8 : 0);
    const int bits = (word >> (bit % 8)) & 63;
    if (bits == 32) return -32;
    return (bits & 32) != 0 ? -(bits & 31) : bits;
  }

  static void decode(const Block& block, float* out) {
    for (int i = 0; i < kValues; ++i)
      out[i] = static_cast<float>(code(block, i)) * half_e4m3(block.e[i / 16]);
  }
};

}  // namespace glim
