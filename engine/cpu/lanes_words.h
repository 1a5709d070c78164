#pragma once

#include "engine/cpu/lanes_pairs.h"

namespace glim::cpu {
namespace {  // see lanes_avx2.h

/// Products for AVX2 alone, which multiplies words: two columns at a time, in one pass over both halves of the
/// activations. VPMADDUBSW would multiply bytes, but its sums of 16 bits hold only small codes and eight bits
/// of activations.
struct Avx2Words : PairLanes {
  static constexpr int kPanelInputs = 4;
  static constexpr bool kWords = true;

  /// Columns 0 and 2 of four as words, and columns 1 and 3.
  static Codes even(Codes codes) { return keep(codes, 0x00ff00ff); }
  static Codes odd(Codes codes) { return {_mm256_srli_epi16(codes.low, 8), _mm256_srli_epi16(codes.high, 8)}; }

  static Sums dot(Sums sums, Codes two, std::int32_t words) {
    const __m256i x = _mm256_set1_epi32(words);
    return {now(_mm256_add_epi32(sums.low, _mm256_madd_epi16(two.low, x))),
            now(_mm256_add_epi32(sums.high, _mm256_madd_epi16(two.high, x)))};
  }

  static void encode_group(const float* x, std::int16_t* words, CodedGroup& out) {
    code_group(x, out, [&](int i, std::int32_t both, std::int32_t) {
      words[word_place(i)] = static_cast<std::int16_t>(both);
    });
  }

 private:
  /// Else compilers multiply first and add up later, for which there are not enough registers.
  static __m256i now(__m256i sum) {
    asm("" : "+x"(sum));
    return sum;
  }
};

}  // namespace
}  // namespace glim::cpu
