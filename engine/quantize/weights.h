#pragma once

#include "engine/quantize/lanes.h"

/// Weights of squared errors.
namespace glim::encoding {
namespace {

/// w = importance * sqrt(spread + x^2).
template <int kCount>
void weigh(const Floats* importance, const Floats* x, Floats spread, Floats* w) {
  for (int i = 0; i < kCount; ++i) w[i] = importance[i] * square_root(spread + x[i] * x[i]);
}

template <int kCount>
void weigh_by_square(const Floats* x, Floats* w) {
  for (int i = 0; i < kCount; ++i) w[i] = x[i] * x[i];
}

template <int kCount>
Floats sum(const Floats* v) {
  Floats out{};
  for (int i = 0; i < kCount; ++i) out += v[i];
  return out;
}

template <int kCount>
Floats mean_square(const Floats* x) {
  Floats out{};
  for (int i = 0; i < kCount; ++i) out += x[i] * x[i];
  return out / static_cast<float>(kCount);
}

inline std::uint16_t half_of(Ints bits, int lane) {
  return static_cast<std::uint16_t>(bits[lane]);
}

}  // namespace
}  // namespace glim::encoding
