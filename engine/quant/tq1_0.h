#pragma once

#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 256 values (trit - 1) * d, five trits to a byte: trit n of a byte b is the upper digit of b * 3^n, taken
/// modulo 256, in base 3. The first 32 bytes of qs hold 160 values, trit n of byte j being value 32 n + j;
/// the other 16 hold 80 more in the same way; qh the last 16 with four trits to a byte.
template <>
struct Quant<QuantType::tq1_0> {
  struct Block {
    std::uint8_t qs[48];
    std::uint8_t qh[4];
    std::uint16_t d;
  };
  static constexpr int kValues = 256;

  static int trit(std::uint8_t byte, int n) {
    constexpr std::uint8_t kPowers[] = {1, 3, 9, 27, 81};
    return (static_cast<std::uint8_t>(byte * kPowers[n]) * 3) >> 8;
  }

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    struct Run {
      const std::uint8_t* bytes;
      int count, trits;
    };
    for (const Run& run : {Run{block.qs, 32, 5}, Run{block.qs + 32, 16, 5}, Run{block.qh, 4, 4}}) {
      for (int n = 0; n < run.trits; ++n) {
        for (int i = 0; i < run.count; ++i) *out++ = static_cast<float>(trit(run.bytes[i], n) - 1) * d;
      }
    }
  }
};

}  // namespace glim
