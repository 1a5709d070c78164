#pragma once

#include "engine/quantize/wide.h"

/// Weights of squared errors.
namespace glim::encoding {
namespace {

/// w = importance * sqrt(spread + x^2).
template <int kCount, class Vector>
void weigh(const Vector* importance, const Vector* x, const Vector& spread, Vector* w) {
  for (int i = 0; i < kCount; ++i) w[i] = importance[i] * square_root(spread + x[i] * x[i]);
}

template <int kCount, class Vector>
void weigh_by_square(const Vector* x, Vector* w) {
  for (int i = 0; i < kCount; ++i) w[i] = x[i] * x[i];
}

template <int kCount, class Vector>
Vector sum(const Vector* v) {
  Vector out{};
  for (int i = 0; i < kCount; ++i) out += v[i];
  return out;
}

template <int kCount, class Vector>
Vector mean_square(const Vector* x) {
  Vector out{};
  for (int i = 0; i < kCount; ++i) out += x[i] * x[i];
  return out / static_cast<float>(kCount);
}

inline std::uint16_t half_of(Ints bits, int lane) {
  return static_cast<std::uint16_t>(bits[lane]);
}

}  // namespace
}  // namespace glim::encoding
