#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace glim {

/// The rotation of the cache formats ROT3 and ROT4: 64 values times fixed signs, then the Walsh-Hadamard
/// transform of length 64 scaled to keep lengths. Dot products of two rotated vectors are those of the
/// vectors themselves. Outliers spread over all 64 values, which then look like samples of a normal
/// distribution; the signs keep a constant or a ramp from becoming a single spike.
/// Sums have a fixed order and are the same bits on every machine.
inline constexpr int kRotationValues = 64;
/// Value i changes its sign where bit i is set. The first 64 bits of the fraction of pi.
inline constexpr std::uint64_t kRotationSigns = 0x243f6a8885a308d3;

/// Sums and differences of the values that are `half` apart. The bounds are constants so that the compiler
/// makes vectors of the loops.
template <int half>
void add_and_subtract(float* x) {
  for (int first = 0; first < kRotationValues; first += 2 * half) {
    for (int i = first; i < first + half; ++i) {
      const float a = x[i], b = x[i + half];
      x[i] = a + b;
      x[i + half] = a - b;
    }
  }
}

/// The transform without its factor of 1/8.
inline void hadamard_transform(float* x) {
  add_and_subtract<32>(x);
  add_and_subtract<16>(x);
  add_and_subtract<8>(x);
  add_and_subtract<4>(x);
  add_and_subtract<2>(x);
  add_and_subtract<1>(x);
}

constexpr std::array<float, kRotationValues> rotation_factors() {
  std::array<float, kRotationValues> out = {};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ((kRotationSigns >> i) & 1) != 0 ? -0.125f : 0.125f;
  return out;
}
/// Sign and scale.
inline constexpr auto kRotationFactors = rotation_factors();

inline void rotate_values(float* x) {
  for (int i = 0; i < kRotationValues; ++i) x[i] *= kRotationFactors[static_cast<std::size_t>(i)];
  hadamard_transform(x);
}

/// The inverse.
inline void rotate_values_back(float* x) {
  hadamard_transform(x);
  for (int i = 0; i < kRotationValues; ++i) x[i] *= kRotationFactors[static_cast<std::size_t>(i)];
}

}  // namespace glim
