#pragma once

#include <cmath>

#include "engine/cpu/lanes_bytes.h"
#include "engine/cpu/panel.h"

namespace glim::cpu {
namespace {  // see lanes_avx2.h

/// Panels in vectors of 64 bytes. Included only by the file that is compiled for
/// AVX-512 with VNNI.
struct Avx512 : ByteLanes {
  using Codes = __m512i;
  using Sums = __m512i;
  using Scales = __m512;
  static constexpr int kPanelInputs = 8;
  static constexpr bool kWords = false;

  static Codes load_codes(const std::uint8_t (*codes)[4]) { return _mm512_load_si512(codes); }
  static Sums all(std::int32_t value) { return _mm512_set1_epi32(value); }
  static Sums dot(Sums sums, Codes codes, std::int32_t four) {
    return _mm512_dpbusd_epi32(sums, codes, _mm512_set1_epi32(four));
  }
  static Sums plus(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static Sums times_256(Sums a) { return _mm512_slli_epi32(a, 8); }

  static Codes load_words(const std::byte* p) { return _mm512_loadu_si512(p); }
  static void store_codes(std::uint8_t (*to)[4], Codes a) { _mm512_store_si512(to, a); }
  static Codes keep(Codes a, std::uint32_t bits) { return _mm512_and_si512(a, every(bits)); }
  static Codes flip(Codes a, std::uint32_t bits) { return _mm512_xor_si512(a, every(bits)); }
  static Codes join(Codes a, Codes b) { return _mm512_or_si512(a, b); }
  template <int n>
  static Codes down(Codes a) {
    return _mm512_srli_epi32(a, n);
  }
  template <int n>
  static Codes down_signed(Codes a) {
    return _mm512_srai_epi32(a, n);
  }
  template <int n>
  static Codes up(Codes a) {
    return _mm512_slli_epi32(a, n);
  }
  static Codes picked(const std::uint8_t* sixteen, Codes places) {
    const __m128i table = _mm_load_si128(reinterpret_cast<const __m128i*>(sixteen));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), places);
  }
  static Codes four_bits(Codes words, int quad) {
    const __m512i bytes = _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(spread_byte(quad / 2)));
    return _mm512_maskz_set1_epi8(
        _mm512_test_epi8_mask(bytes, every(quad % 2 == 0 ? 0x08040201 : 0x80402010)), 1);
  }
  static Codes exclusive(Codes a, Codes b) { return _mm512_xor_si512(a, b); }
  static void split_points(const std::uint64_t* points, Codes& first, Codes& second) {
    const __m512i low = _mm512_load_si512(points), high = _mm512_load_si512(points + 8);
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    first = _mm512_permutex2var_epi32(low, even, high);
    second = _mm512_permutex2var_epi32(low, _mm512_add_epi32(even, _mm512_set1_epi32(1)), high);
  }
  static Codes signed_codes(Codes points, Codes signs, int quad, int zero) {
    const __m512i bytes = _mm512_shuffle_epi8(signs, _mm512_broadcast_i32x4(spread_byte(quad / 2)));
    const __mmask64 negative = _mm512_test_epi8_mask(bytes, every(quad % 2 == 0 ? 0x08040201 : 0x80402010));
    const __m512i middle = _mm512_set1_epi8(static_cast<char>(zero));
    return _mm512_mask_sub_epi8(_mm512_add_epi8(middle, points), negative, middle, points);
  }
  static Codes spread_bytes(const std::byte* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Codes spread_pairs(const std::byte* p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Scales half_e4m3(Codes codes) {
    const __mmask16 usual = _mm512_cmple_epu32_mask(codes, every(0x7e));
    return _mm512_maskz_mul_ps(usual, low_halves(up<7>(codes)), _mm512_set1_ps(0x1p7f));
  }
  static Scales same(float a) { return _mm512_set1_ps(a); }
  static Scales numbers(Codes a) { return _mm512_cvtepi32_ps(a); }
  static Scales halves(const std::byte* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Scales low_halves(Codes a) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a)); }
  static Scales times(Scales a, Scales b) { return _mm512_mul_ps(a, b); }
  static Scales less(Scales a, float b) { return _mm512_sub_ps(a, _mm512_set1_ps(b)); }
  static Scales negative(Scales a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }

  static Scales load_scales(const float* p) { return _mm512_loadu_ps(p); }
  static void store_scales(float* p, Scales a) { _mm512_storeu_ps(p, a); }
  static Scales scaled(Sums sums, const float* scales) {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_load_ps(scales));
  }
  static Scales add_scaled(Sums sums, const float* scales, Scales a) {
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_load_ps(scales), a);
  }
  static Scales add_times(const float* x, float by, Scales a) {
    return _mm512_fmadd_ps(_mm512_load_ps(x), _mm512_set1_ps(by), a);
  }
  static Scales fma_scales(Scales a, float by, Scales b) { return _mm512_fmadd_ps(a, _mm512_set1_ps(by), b); }

  static Scales none() { return _mm512_setzero_ps(); }
  static Scales fma_wide(Scales a, Scales b, Scales c) { return _mm512_fmadd_ps(a, b, c); }
  static float total(Scales a) { return _mm512_reduce_add_ps(a); }
  static Scales load_some(const float* p, std::int64_t n) { return _mm512_maskz_loadu_ps(first(n), p); }
  static void store_some(float* p, std::int64_t n, Scales a) { _mm512_mask_storeu_ps(p, first(n), a); }
  template <QuantType type>
  static Scales weights(const std::byte* p) {
    if constexpr (type == QuantType::f32) return _mm512_loadu_ps(p);
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    if constexpr (type == QuantType::f16) return _mm512_cvtph_ps(halves);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }

  /// Turns 16 x 16 words; row r is at from + stride * r.
  static void transpose(const void* from, std::size_t stride, void* to) {
    __m512i a[16], b[16];
    const auto* row = static_cast<const std::byte*>(from);
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r, row += stride) a[r] = _mm512_loadu_si512(row);
#pragma GCC unroll 8
    for (int r = 0; r < 16; r += 2) {
      b[r] = _mm512_unpacklo_epi32(a[r], a[r + 1]);
      b[r + 1] = _mm512_unpackhi_epi32(a[r], a[r + 1]);
    }
    // In each lane of 128 bits a[4 i + j] now holds column j of rows 4 i to 4 i + 3.
#pragma GCC unroll 4
    for (int r = 0; r < 16; r += 4) {
      a[r] = _mm512_unpacklo_epi64(b[r], b[r + 2]);
      a[r + 1] = _mm512_unpackhi_epi64(b[r], b[r + 2]);
      a[r + 2] = _mm512_unpacklo_epi64(b[r + 1], b[r + 3]);
      a[r + 3] = _mm512_unpackhi_epi64(b[r + 1], b[r + 3]);
    }
    auto* out = static_cast<std::byte*>(to);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const __m512i low = _mm512_shuffle_i32x4(a[j], a[4 + j], 0x88),
                    high = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0x88);
      const __m512i low2 = _mm512_shuffle_i32x4(a[j], a[4 + j], 0xdd),
                    high2 = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0xdd);
      _mm512_storeu_si512(out + 64 * j, _mm512_shuffle_i32x4(low, high, 0x88));
      _mm512_storeu_si512(out + 64 * (4 + j), _mm512_shuffle_i32x4(low2, high2, 0x88));
      _mm512_storeu_si512(out + 64 * (8 + j), _mm512_shuffle_i32x4(low, high, 0xdd));
      _mm512_storeu_si512(out + 64 * (12 + j), _mm512_shuffle_i32x4(low2, high2, 0xdd));
    }
  }

  static void encode_group(const float* x, std::int8_t* upper, std::int8_t* lower, CodedGroup& out) {
    const __m512 values[2] = {_mm512_loadu_ps(x), _mm512_loadu_ps(x + 16)};
    const float largest =
        _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(values[0]), _mm512_abs_ps(values[1])));
    constexpr float kMost = 127 * 256;
    const float inverse = largest > 0x1p-100f ? kMost / largest : 0;
    out.scale = largest > 0x1p-100f ? largest / 127 : 0;
    for (int half = 0; half < 2; ++half) {
      const __m512i both = _mm512_cvtps_epi32(_mm512_mul_ps(values[half], _mm512_set1_ps(inverse)));
      const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(both, _mm512_set1_epi32(128)), 8);
      const __m512i low = _mm512_sub_epi32(both, _mm512_slli_epi32(high, 8));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(upper + 16 * half), _mm512_cvtepi32_epi8(high));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(lower + 16 * half), _mm512_cvtepi32_epi8(low));
      out.upper_sums[half] = _mm512_reduce_add_epi32(high);
      out.sums[half] = _mm512_reduce_add_epi32(both);
      // A value that is no number, or infinite, must spoil the products.
      if (_mm512_fpclass_ps_mask(values[half], 0x99) != 0) out.scale = std::nanf("");
    }
  }

 private:
  static __m512i every(std::uint32_t word) {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  static __mmask16 first(std::int64_t n) {
    return static_cast<__mmask16>((1u << n) - 1);
  }
};

}  // namespace
}  // namespace glim::cpu
