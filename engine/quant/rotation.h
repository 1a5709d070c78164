#pragma once

#include <cstdint>

namespace glim {

/// The rotation of the cache formats ROT3 and ROT4: 64 values times fixed signs, then the Walsh-Hadamard
/// transform of length 64 scaled to keep lengths. Dot products of two rotated vectors are those of the
/// vectors themselves. Outliers spread over all 64 values, which then look like samples of a normal
/// distribution; the signs keep a constant or a ramp from becoming a single spike.
/// Sums go pair by pair in natural order and are the same bits on every machine.
inline constexpr int kRotationValues = 64;
/// Value i changes its sign where bit i is set. The first 64 bits of the fraction of pi.
inline constexpr std::uint64_t kRotationSigns = 0x243f6a8885a308d3;

constexpr float rotation_sign(int i) {
  return ((kRotationSigns >> i) & 1) != 0 ? -1.0f : 1.0f;
}

/// The transform without its factor of 1/8.
inline void hadamard_transform(float* x) {
  for (int half = 1; half < kRotationValues; half *= 2) {
    for (int first = 0; first < kRotationValues; first += 2 * half) {
      for (int i = first; i < first + half; ++i) {
        const float a = x[i], b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
    }
  }
}

inline void rotate_values(float* x) {
  for (int i = 0; i < kRotationValues; ++i) x[i] *= 0.125f * rotation_sign(i);
  hadamard_transform(x);
}

/// The inverse.
inline void rotate_values_back(float* x) {
  hadamard_transform(x);
  for (int i = 0; i < kRotationValues; ++i) x[i] *= 0.125f * rotation_sign(i);
}

}  // namespace glim
