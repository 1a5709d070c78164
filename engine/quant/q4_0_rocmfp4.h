#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rounding.h"

namespace glim {

/// 32 values level * scale with two unsigned E4M3 scales: the low nibbles (values 0 to 15) take the first,
/// the high ones (16 to 31) the second. The largest level is 10, not FP4's 12.
template <>
struct Quant<QuantType::q4_0_rocmfp4> {
  struct Block {
    std::uint8_t qs[16];
    std::uint8_t e[2];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float low = half_e4m3(block.e[0]), high = half_e4m3(block.e[1]);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(kRocmFp4Levels[block.qs[i] & 15]) * low;
      out[i + 16] = static_cast<float>(kRocmFp4Levels[block.qs[i] >> 4]) * high;
    }
  }

  /// The scale of least squared error of all 126 and the lower of two for each half; codes to the nearest
  /// level, of two the smaller. The scale cannot show that a value was not finite: what is not a number
  /// counts as 0, infinity as a very large number.
  static void encode(const float* in, Block& block) {
    for (int half = 0; half < 2; ++half) {
      float values[16], magnitudes[16];
      for (int i = 0; i < 16; ++i)
        values[i] = finite(in[16 * half + i]), magnitudes[i] = std::fabs(values[i]);
      block.e[half] = best_scale(magnitudes);
      const float d = half_e4m3(block.e[half]);
      for (int i = 0; i < 16; ++i) {
        const int code = nearest_code(values[i], d);
        block.qs[i] = static_cast<std::uint8_t>(half == 0 ? code : block.qs[i] | code << 4);
      }
    }
  }

 private:
  static float finite(float value) {
    constexpr float kFar = 0x1p16f;  // beyond every level, near enough that their errors differ
    return std::isnan(value) ? 0.0f : std::clamp(value, -kFar, kFar);
  }

  /// Half way between magnitudes: their products with a scale, which has four bits, are exact.
  static constexpr float kBounds[] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 9};

  static int nearest_code(float value, float d) {
    int code = 0;
    for (const float bound : kBounds) code += std::fabs(value) > bound * d ? 1 : 0;
    return code != 0 && value < 0 ? code + 8 : code;
  }

  /// Squared error of the magnitudes.
  static float error(const float* magnitudes, float d) {
    float nearest[16] = {};  // sums of steps are levels times a scale of four bits and exact
    for (int k = 0; k < 7; ++k) {
      const float bound = kBounds[k] * d;
      const float step = static_cast<float>(kRocmFp4Levels[k + 1] - kRocmFp4Levels[k]) * d;
      for (int i = 0; i < 16; ++i) nearest[i] += magnitudes[i] > bound ? step : 0.0f;
    }
    float sum = 0;
    for (int i = 0; i < 16; ++i) sum += (magnitudes[i] - nearest[i]) * (magnitudes[i] - nearest[i]);
    return sum;
  }

  /// The part of error() that values make which round to zero. It grows with d.
  static float error_of_zeros(const float* magnitudes, float d) {
    float sum = 0;
    for (int i = 0; i < 16; ++i) sum += magnitudes[i] <= 0.5f * d ? magnitudes[i] * magnitudes[i] : 0.0f;
    return sum;
  }

  /// What a loop over all scales finds. From the scale that just holds the largest value the walk goes up
  /// until the values that round to zero alone make too much of an error, or all do, and down until the
  /// largest value alone makes too much: both grow with every step.
  static std::uint8_t best_scale(const float* magnitudes) {
    constexpr int kLast = 126;
    const float largest = *std::max_element(magnitudes, magnitudes + 16);
    if (largest == 0) return 0;
    int start = 1;
    while (start < kLast && 10 * half_e4m3(static_cast<std::uint8_t>(start)) < largest) ++start;
    int best = start;
    float least = error(magnitudes, half_e4m3(static_cast<std::uint8_t>(start)));
    for (int e = start + 1; e <= kLast; ++e) {
      const float d = half_e4m3(static_cast<std::uint8_t>(e));
      if (error_of_zeros(magnitudes, d) > least) break;
      const float sum = error(magnitudes, d);
      if (sum < least) best = e, least = sum;
      if (largest <= 0.5f * d) break;
    }
    for (int e = start - 1; e >= 1; --e) {
      const float d = half_e4m3(static_cast<std::uint8_t>(e)), cut = largest - 10 * d;
      if (cut > 0 && cut * cut > least) break;
      const float sum = error(magnitudes, d);
      if (sum <= least) best = e, least = sum;
    }
    return static_cast<std::uint8_t>(best);
  }
};

}  // namespace glim
