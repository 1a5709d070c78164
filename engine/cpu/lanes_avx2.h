#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace glim::cpu {
// Each file that is compiled for an instruction set has lanes, and with them kernels, of its own: were they
// shared, the linker could take those of one file for all.
namespace {

/// Eight floats or integers side by side. Included only by files that are compiled for AVX2, FMA and F16C.
struct Avx2 {
  using Floats = __m256;
  using Ints = __m256i;

  static Floats zero() { return _mm256_setzero_ps(); }
  static Floats set(float value) { return _mm256_set1_ps(value); }
  static Floats load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Floats v) { _mm256_storeu_ps(p, v); }
  static Floats load_part(const float* p, std::int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
  static void store_part(float* p, std::int64_t n, Floats v) { _mm256_maskstore_ps(p, mask(n), v); }

  static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }

  /// ((0+1)+(2+3)) + ((4+5)+(6+7)) of four vectors at once.
  static void sums(Floats a, Floats b, Floats c, Floats d, float* out) {
    _mm_storeu_ps(out, sums(a, b, c, d));
  }
  static float sum(Floats a) { return _mm_cvtss_f32(sums(a, a, a, a)); }

  static float half(const std::byte* p) {
    std::uint16_t bits;
    std::memcpy(&bits, p, sizeof bits);
    return _cvtsh_ss(bits);
  }
  static Floats f32(const std::byte* p) {
    return _mm256_castsi256_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Floats f16(const std::byte* p) { return _mm256_cvtph_ps(load16(p)); }
  static Floats bf16(const std::byte* p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(p)), 16));
  }

  static Ints i8(const std::byte* p) { return _mm256_cvtepi8_epi32(load8(p)); }
  static Ints u8(const std::byte* p) { return _mm256_cvtepu8_epi32(load8(p)); }
  /// Bit i of `byte` in lane i.
  static Ints bits(std::uint8_t byte) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return masked(_mm256_srlv_epi32(_mm256_set1_epi32(byte), lane), 1);
  }
  static Ints right(Ints a, int count) { return _mm256_srli_epi32(a, count); }
  static Ints left(Ints a, int count) { return _mm256_slli_epi32(a, count); }
  static Ints masked(Ints a, int mask) { return _mm256_and_si256(a, _mm256_set1_epi32(mask)); }
  static Ints either(Ints a, Ints b) { return _mm256_or_si256(a, b); }
  static Ints minus(Ints a, int b) { return _mm256_sub_epi32(a, _mm256_set1_epi32(b)); }
  static Floats floats(Ints a) { return _mm256_cvtepi32_ps(a); }

  /// Eight signed bytes, the lowest first.
  static Ints bytes(std::uint64_t eight) {
    return _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(static_cast<long long>(eight)));
  }
  /// Lane i is `low` shifted right by i * width, lane 4 + i the same of `high`.
  static Ints fields(std::uint32_t low, std::uint32_t high, int width) {
    const __m128i counts = _mm_mullo_epi32(_mm_setr_epi32(0, 1, 2, 3), _mm_set1_epi32(width));
    const __m256i words =
        _mm256_set_m128i(_mm_set1_epi32(static_cast<int>(high)), _mm_set1_epi32(static_cast<int>(low)));
    return _mm256_srlv_epi32(words, _mm256_set_m128i(counts, counts));
  }
  /// Values of a table of sixteen.
  static Floats pick(const float* sixteen, Ints index) {
    const Floats low = _mm256_permutevar8x32_ps(load(sixteen), index);
    const Floats high = _mm256_permutevar8x32_ps(load(sixteen + 8), index);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
  }
  /// Values of a table of any size.
  static Floats look_up(const float* table, Ints index) { return _mm256_i32gather_ps(table, index, 4); }
  /// Changes signs where the lowest bit is set.
  static Floats flip(Floats a, Ints bits) {
    return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 31)));
  }

  /// e^x to about 1e-7: 2^n times the power series of the remainder, which is at most ln(2)/2. 0 below -87.
  static Floats exp(Floats x) {
    const Floats low = set(-87.0f);
    const Floats clamped = _mm256_min_ps(_mm256_max_ps(x, low), set(88.0f));
    const Floats n =
        _mm256_round_ps(mul(clamped, set(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    // ln(2) in two parts, the first of few enough bits that n times it is exact.
    Floats r = fma(n, set(-0.693359375f), clamped);
    r = fma(n, set(2.12194440e-4f), r);
    Floats series = set(1.0f / 5040);
    series = fma(series, r, set(1.0f / 720));
    series = fma(series, r, set(1.0f / 120));
    series = fma(series, r, set(1.0f / 24));
    series = fma(series, r, set(1.0f / 6));
    series = fma(series, r, set(0.5f));
    series = fma(series, r, set(1.0f));
    series = fma(series, r, set(1.0f));
    const __m256i exponent =
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    const Floats value = mul(series, _mm256_castsi256_ps(exponent));
    // Not less than `low` is also true of NaN, which must stay NaN.
    const Floats kept = _mm256_and_ps(value, _mm256_cmp_ps(x, low, _CMP_NLT_UQ));
    return _mm256_blendv_ps(kept, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  }

 private:
  static __m128i load16(const std::byte* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  static __m128i load8(const std::byte* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); }
  static __m256i mask(std::int64_t n) {
    static constexpr std::int32_t kOnes[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kOnes + 8 - n));
  }
  static __m128 sums(Floats a, Floats b, Floats c, Floats d) {
    const Floats quarters = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1));
  }
};

}  // namespace
}  // namespace glim::cpu
