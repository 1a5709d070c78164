#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace glim {

/// Codes of few bits for samples of a normal distribution, as ROT3 and ROT4 have them.

/// The levels of least mean squared error for N(0, 1): each is the mean of its cell, and cells end half way
/// between levels, so with density p and distribution function P
///   level i = (p(t i) - p(t i+1)) / (P(t i+1) - P(t i)),   t i = (level i-1 + level i) / 2.
/// The positive half; the others mirror it. Their mean squared errors are 0.034548 and 0.009501.
/// Source: S. P. Lloyd, "Least squares quantization in PCM"; J. Max, "Quantizing for minimum distortion".
inline constexpr std::array<double, 4> kEightNormalLevels = {0.24509417894422184, 0.7560052812058781,
                                                             1.3439092785050006, 2.1519457045369874};
inline constexpr std::array<double, 8> kSixteenNormalLevels = {
    0.1283950298511473, 0.38804829949029174, 0.6567591185324646, 0.9423404564869629,
    1.2562311973471783, 1.6180463860218823,  2.069017226531386,  2.732589570995161};

/// All levels ascending, rounded to 2^-11: their products with a 16-bit scale are exact.
template <std::size_t half>
constexpr std::array<float, 2 * half> all_levels(const std::array<double, half>& positive) {
  std::array<float, 2 * half> out = {};
  for (std::size_t i = 0; i < half; ++i) {
    const auto rounded = static_cast<float>(static_cast<int>(positive[i] * 2048 + 0.5)) / 2048;
    out[half + i] = rounded;
    out[half - 1 - i] = -rounded;
  }
  return out;
}

inline constexpr std::array<float, 8> kRot3Levels = all_levels(kEightNormalLevels);
inline constexpr std::array<float, 16> kRot4Levels = all_levels(kSixteenNormalLevels);

/// Codes of in[i] = level[code] * d for 64 values, of several d around the one that the mean square suggests
/// the best; returns its value by least squares. Not a number when a value is not finite.
template <std::size_t count>
float round_to_levels(const float* in, const std::array<float, count>& levels, std::uint8_t* codes) {
  constexpr int kValues = 64;
  constexpr float kFactors[] = {0.8f, 0.85f, 0.9f, 0.95f, 1.0f, 1.05f, 1.1f, 1.15f};
  double squares = 0;
  for (int i = 0; i < kValues; ++i) squares += static_cast<double>(in[i]) * static_cast<double>(in[i]);
  const auto typical = static_cast<float>(std::sqrt(squares / kValues));
  std::fill_n(codes, kValues, static_cast<std::uint8_t>(count / 2));
  if (typical == 0) return 0;
  if (!std::isfinite(typical)) return std::numeric_limits<float>::quiet_NaN();
  double best_along = 0, best_size = 1;
  for (const float factor : kFactors) {
    std::int32_t tried[kValues] = {};
    for (std::size_t k = 1; k < count; ++k) {
      const float edge = (levels[k - 1] + levels[k]) * (0.5f * factor * typical);
      for (int i = 0; i < kValues; ++i) tried[i] += in[i] > edge ? 1 : 0;
    }
    double along = 0, size = 0;
    for (int i = 0; i < kValues; ++i) {
      const auto level = static_cast<double>(levels[static_cast<std::size_t>(tried[i])]);
      along += static_cast<double>(in[i]) * level;
      size += level * level;
    }
    if (along * along * best_size <= best_along * best_along * size) continue;
    best_along = along, best_size = size;
    for (int i = 0; i < kValues; ++i) codes[i] = static_cast<std::uint8_t>(tried[i]);
  }
  return static_cast<float>(best_along / best_size);
}

}  // namespace glim
