#pragma once

#include <cmath>

#include "engine/cpu/lanes_bytes.h"
#include "engine/cpu/panel.h"

namespace glim::cpu {
namespace {  // see lanes_avx2.h

/// Panels in pairs of vectors of 32 bytes: all but the product. Included only by files that are compiled for
/// AVX2 and BMI2.
struct PairLanes : ByteLanes {
  struct Codes {
    __m256i low, high;
  };
  using Sums = Codes;
  struct Scales {
    __m256 low, high;
  };

  static Codes load_codes(const std::uint8_t (*codes)[4]) {
    const auto* p = reinterpret_cast<const __m256i*>(codes);
    return {_mm256_load_si256(p), _mm256_load_si256(p + 1)};
  }
  static Sums all(std::int32_t value) { return {_mm256_set1_epi32(value), _mm256_set1_epi32(value)}; }
  static Sums plus(Sums a, Sums b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
  }
  static Sums times_256(Sums a) { return {_mm256_slli_epi32(a.low, 8), _mm256_slli_epi32(a.high, 8)}; }

  static Codes load_words(const std::byte* p) {
    const auto* words = reinterpret_cast<const __m256i*>(p);
    return {_mm256_loadu_si256(words), _mm256_loadu_si256(words + 1)};
  }
  static void store_codes(std::uint8_t (*to)[4], Codes a) {
    auto* p = reinterpret_cast<__m256i*>(to);
    _mm256_store_si256(p, a.low), _mm256_store_si256(p + 1, a.high);
  }
  static Codes keep(Codes a, std::uint32_t bits) {
    return {_mm256_and_si256(a.low, every(bits)), _mm256_and_si256(a.high, every(bits))};
  }
  static Codes flip(Codes a, std::uint32_t bits) {
    return {_mm256_xor_si256(a.low, every(bits)), _mm256_xor_si256(a.high, every(bits))};
  }
  static Codes join(Codes a, Codes b) {
    return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
  }
  template <int n>
  static Codes down(Codes a) {
    return {_mm256_srli_epi32(a.low, n), _mm256_srli_epi32(a.high, n)};
  }
  template <int n>
  static Codes down_signed(Codes a) {
    return {_mm256_srai_epi32(a.low, n), _mm256_srai_epi32(a.high, n)};
  }
  template <int n>
  static Codes up(Codes a) {
    return {_mm256_slli_epi32(a.low, n), _mm256_slli_epi32(a.high, n)};
  }
  static Codes picked(const std::uint8_t* sixteen, Codes places) {
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(sixteen)));
    return {_mm256_shuffle_epi8(table, places.low), _mm256_shuffle_epi8(table, places.high)};
  }
  static Codes four_bits(Codes words, int quad) {
    const __m256i bytes = _mm256_broadcastsi128_si256(spread_byte(quad / 2)),
                  bits = every(quad % 2 == 0 ? 0x08040201 : 0x80402010);
    const auto some = [&](__m256i half) {
      const __m256i chosen = _mm256_and_si256(_mm256_shuffle_epi8(half, bytes), bits);
      return _mm256_and_si256(_mm256_cmpeq_epi8(chosen, bits), _mm256_set1_epi8(1));
    };
    return {some(words.low), some(words.high)};
  }
  static Codes exclusive(Codes a, Codes b) {
    return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
  }
  static void split_points(const std::uint64_t* points, Codes& first, Codes& second) {
    const auto split = [](const std::uint64_t* eight, __m256i& even, __m256i& odd) {
      const __m256 a = load(reinterpret_cast<const float*>(eight)),
                   b = load(reinterpret_cast<const float*>(eight + 4));
      const auto in_order = [](__m256 words) {
        return _mm256_permute4x64_epi64(_mm256_castps_si256(words), 0xd8);
      };
      even = in_order(_mm256_shuffle_ps(a, b, 0x88));
      odd = in_order(_mm256_shuffle_ps(a, b, 0xdd));
    };
    split(points, first.low, second.low);
    split(points + 8, first.high, second.high);
  }
  static Codes signed_codes(Codes points, Codes signs, int quad, int zero) {
    const Codes some = four_bits(signs, quad);
    const __m256i middle = _mm256_set1_epi8(static_cast<char>(zero));
    const auto codes = [&](__m256i point, __m256i bits) {
      const __m256i negative = _mm256_sub_epi8(_mm256_setzero_si256(), bits);
      const __m256i turned = _mm256_sub_epi8(_mm256_xor_si256(point, negative), negative);
      return _mm256_add_epi8(middle, turned);
    };
    return {codes(points.low, some.low), codes(points.high, some.high)};
  }
  static Codes spread_bytes(const std::byte* p) {
    const auto* eight = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(eight)),
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p + 8)))};
  }
  static Codes spread_pairs(const std::byte* p) {
    const auto* eight = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtepu16_epi32(_mm_loadu_si128(eight)), _mm256_cvtepu16_epi32(_mm_loadu_si128(eight + 1))};
  }
  static Scales half_e4m3(Codes codes) {
    const Scales values = times(low_halves(up<7>(codes)), same(0x1p7f));
    const auto usual = [](__m256 value, __m256i code) {
      return _mm256_and_ps(value, _mm256_castsi256_ps(_mm256_cmpgt_epi32(every(0x7f), code)));
    };
    return {usual(values.low, codes.low), usual(values.high, codes.high)};
  }
  static Scales same(float a) { return {set(a), set(a)}; }
  static Scales numbers(Codes a) { return {floats(a.low), floats(a.high)}; }
  static Scales halves(const std::byte* p) {
    const auto* eight = reinterpret_cast<const __m128i*>(p);
    return {_mm256_cvtph_ps(_mm_loadu_si128(eight)), _mm256_cvtph_ps(_mm_loadu_si128(eight + 1))};
  }
  static Scales low_halves(Codes a) {
    const auto packed = [](__m256i words) {
      const __m256i some = _mm256_and_si256(words, every(0xffff));
      return _mm_packus_epi32(_mm256_castsi256_si128(some), _mm256_extracti128_si256(some, 1));
    };
    return {_mm256_cvtph_ps(packed(a.low)), _mm256_cvtph_ps(packed(a.high))};
  }
  static Scales times(Scales a, Scales b) { return {mul(a.low, b.low), mul(a.high, b.high)}; }
  static Scales less(Scales a, float b) {
    return {_mm256_sub_ps(a.low, set(b)), _mm256_sub_ps(a.high, set(b))};
  }
  static Scales negative(Scales a) {
    return {_mm256_xor_ps(a.low, set(-0.0f)), _mm256_xor_ps(a.high, set(-0.0f))};
  }

  static Scales load_scales(const float* p) { return {load(p), load(p + 8)}; }
  static void store_scales(float* p, Scales a) { store(p, a.low), store(p + 8, a.high); }
  static Scales scaled(Sums sums, const float* scales) {
    return {mul(floats(sums.low), load(scales)), mul(floats(sums.high), load(scales + 8))};
  }
  static Scales add_scaled(Sums sums, const float* scales, Scales a) {
    return {fma(floats(sums.low), load(scales), a.low), fma(floats(sums.high), load(scales + 8), a.high)};
  }
  static Scales add_times(const float* x, float by, Scales a) {
    return {fma(load(x), set(by), a.low), fma(load(x + 8), set(by), a.high)};
  }
  static Scales fma_scales(Scales a, float by, Scales b) {
    return {fma(a.low, set(by), b.low), fma(a.high, set(by), b.high)};
  }

  static void transpose(const void* from, std::size_t stride, void* to) {
    const auto* rows = static_cast<const std::byte*>(from);
    auto* out = static_cast<std::byte*>(to);
    for (std::size_t down = 0; down < 2; ++down) {
      for (std::size_t across = 0; across < 2; ++across) {
        turn(rows + 8 * down * stride + 32 * across, stride, out + 8 * across * 64 + 32 * down);
      }
    }
  }

  /// Codes of 16 bits; put(i, code, upper half) takes each.
  template <typename Put>
  static void code_group(const float* x, CodedGroup& out, const Put& put) {
    const Floats sign = set(-0.0f);
    Floats most = zero(), bad = zero();
    for (int i = 0; i < kGroup; i += 8) {
      most = _mm256_max_ps(most, _mm256_andnot_ps(sign, load(x + i)));
      bad = _mm256_or_ps(bad, _mm256_cmp_ps(mul(load(x + i), zero()), zero(), _CMP_NEQ_UQ));
    }
    alignas(32) float lanes[8];
    store(lanes, most);
    float largest = 0;
    for (const float value : lanes) largest = value > largest ? value : largest;
    constexpr float kMost = 127 * 256;
    const float inverse = largest > 0x1p-100f ? kMost / largest : 0;
    out.scale = largest > 0x1p-100f ? largest / 127 : 0;
    if (_mm256_movemask_ps(bad) != 0) out.scale = std::nanf("");
    for (int half = 0; half < 2; ++half) {
      std::int32_t sum = 0, upper_sum = 0;
      for (int i = 16 * half; i < 16 * half + 16; i += 8) {
        alignas(32) std::int32_t both[8];
        _mm256_store_si256(reinterpret_cast<__m256i*>(both),
                           _mm256_cvtps_epi32(mul(load(x + i), set(inverse))));
        for (int j = 0; j < 8; ++j) {
          const std::int32_t high = (both[j] + 128) >> 8;
          put(i + j, both[j], high);
          sum += both[j];
          upper_sum += high;
        }
      }
      out.upper_sums[half] = upper_sum;
      out.sums[half] = sum;
    }
  }

 private:
  static __m256i every(std::uint32_t word) { return _mm256_set1_epi32(static_cast<int>(word)); }

  /// Turns 8 x 8 words into rows of 64 bytes.
  static void turn(const std::byte* from, std::size_t stride, std::byte* to) {
    __m256i a[8], b[8];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < 8; ++r)
      a[r] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + stride * r));
#pragma GCC unroll 4
    for (int r = 0; r < 8; r += 2) {
      b[r] = _mm256_unpacklo_epi32(a[r], a[r + 1]);
      b[r + 1] = _mm256_unpackhi_epi32(a[r], a[r + 1]);
    }
#pragma GCC unroll 2
    for (int r = 0; r < 8; r += 4) {
      a[r] = _mm256_unpacklo_epi64(b[r], b[r + 2]);
      a[r + 1] = _mm256_unpackhi_epi64(b[r], b[r + 2]);
      a[r + 2] = _mm256_unpacklo_epi64(b[r + 1], b[r + 3]);
      a[r + 3] = _mm256_unpackhi_epi64(b[r + 1], b[r + 3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      auto* out = to + 64 * j;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permute2x128_si256(a[j], a[4 + j], 0x20));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 256),
                          _mm256_permute2x128_si256(a[j], a[4 + j], 0x31));
    }
  }
};

}  // namespace
}  // namespace glim::cpu
