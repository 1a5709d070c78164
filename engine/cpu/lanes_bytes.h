#pragma once

#include "engine/cpu/lanes_avx2.h"

namespace glim::cpu {
namespace {  // see lanes_avx2.h

/// What unpacks codes, for every set of lanes that multiplies bytes; floats as with AVX2. Needs BMI2 besides.
struct ByteLanes : Avx2 {
  /// 32 codes of four bits: the low halves of 16 bytes, then the high ones.
  static __m256i nibbles(const std::byte* qs) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(qs));
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes), _mm256_set1_epi8(15));
  }
  static void split_nibbles(const std::byte* qs, std::uint8_t* out) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), nibbles(qs));
  }
  /// The same as places in a table of sixteen.
  static void pick_codes(const std::uint8_t* sixteen, const std::byte* qs, std::uint8_t* out) {
    const __m128i table = _mm_load_si128(reinterpret_cast<const __m128i*>(sixteen));
    const __m256i codes = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles(qs));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), codes);
  }
  /// For a shuffle that copies byte n of each word to all four of its bytes.
  static __m128i spread_byte(int n) {
    return _mm_add_epi32(_mm_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0),
                         _mm_set1_epi32(n * 0x01010101));
  }
  /// The bits of `bits`, lowest first, where `mask` has ones.
  static std::uint64_t spread(std::uint64_t bits, std::uint64_t mask) { return _pdep_u64(bits, mask); }
};

}  // namespace
}  // namespace glim::cpu
