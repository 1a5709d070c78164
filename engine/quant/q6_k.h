#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values d * scale * (q - 32) with six bits each, one signed scale for every 16. Each half of 128 values
/// is four runs of 32: runs 0 and 1 take the low nibbles of 64 bytes of ql, runs 2 and 3 the high ones; byte
/// i of the half's 32 bytes of qh holds the upper two bits of value i of run k at bit 2k.
template <>
struct Quant<QuantType::q6_k> {
  struct Block {
    std::uint8_t ql[128];
    std::uint8_t qh[64];
    std::int8_t scales[16];
    std::uint16_t d;
  };
  static constexpr int kValues = 256;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int run = 0; run < 8; ++run) {
      const int half = run / 4, k = run % 4;
      const std::uint8_t* ql = block.ql + 64 * half + 32 * (k % 2);
      const std::uint8_t* qh = block.qh + 32 * half;
      for (int i = 0; i < 32; ++i) {
        const int q = ((ql[i] >> (4 * (k / 2))) & 15) | (((qh[i] >> (2 * k)) & 3) << 4);
        const int scale = block.scales[2 * run + i / 16];
        out[32 * run + i] = d * static_cast<float>(scale) * static_cast<float>(q - 32);
      }
    }
  }
};

}  // namespace glim
