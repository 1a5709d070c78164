#pragma once

#include "engine/cpu/lanes_pairs.h"

namespace glim::cpu {
namespace {  // see lanes_avx2.h

/// Included only by the file that is compiled for AVX2 with AVX-VNNI.
struct AvxVnni : PairLanes {
  static constexpr int kPanelInputs = 4;
  static constexpr bool kWords = false;

  static Sums dot(Sums sums, Codes codes, std::int32_t four) {
    const __m256i x = _mm256_set1_epi32(four);
    return {_mm256_dpbusd_avx_epi32(sums.low, codes.low, x),
            _mm256_dpbusd_avx_epi32(sums.high, codes.high, x)};
  }

  static void encode_group(const float* x, std::int8_t* upper, std::int8_t* lower, CodedGroup& out) {
    code_group(x, out, [&](int i, std::int32_t both, std::int32_t high) {
      upper[i] = static_cast<std::int8_t>(high);
      lower[i] = static_cast<std::int8_t>(both - 256 * high);
    });
  }
};

}  // namespace
}  // namespace glim::cpu
