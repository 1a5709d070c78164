#pragma once

#include "engine/quantize/lanes.h"

namespace glim::encoding {
namespace {

/// Two vectors that take every step together: sums in index order wait for the sum before, so one vector
/// alone leaves the processor half idle.
template <class Vector>
struct Twin {
  Vector a, b;

  auto operator[](int lane) const { return lane < kLanes ? a[lane] : b[lane - kLanes]; }
  Twin& operator+=(const Twin& other) { return *this = *this + other; }
  Twin& operator&=(const Twin& other) { return *this = *this & other; }
  Twin& operator|=(const Twin& other) { return *this = *this | other; }

  friend Twin operator+(const Twin& x, const Twin& y) { return {x.a + y.a, x.b + y.b}; }
  friend Twin operator-(const Twin& x, const Twin& y) { return {x.a - y.a, x.b - y.b}; }
  friend Twin operator*(const Twin& x, const Twin& y) { return {x.a * y.a, x.b * y.b}; }
  friend Twin operator/(const Twin& x, const Twin& y) { return {x.a / y.a, x.b / y.b}; }
  friend Twin operator+(const Twin& x, float y) { return {x.a + y, x.b + y}; }
  friend Twin operator-(const Twin& x, float y) { return {x.a - y, x.b - y}; }
  friend Twin operator*(float x, const Twin& y) { return {x * y.a, x * y.b}; }
  friend Twin operator/(float x, const Twin& y) { return {x / y.a, x / y.b}; }
  friend Twin operator/(const Twin& x, float y) { return {x.a / y, x.b / y}; }
  friend Twin operator-(const Twin& x) { return {-x.a, -x.b}; }
  friend Twin operator&(const Twin& x, const Twin& y) { return {x.a & y.a, x.b & y.b}; }
  friend Twin operator|(const Twin& x, const Twin& y) { return {x.a | y.a, x.b | y.b}; }
  friend Twin<Ints> operator>(const Twin& x, const Twin& y) { return {x.a > y.a, x.b > y.b}; }
  friend Twin<Ints> operator<(const Twin& x, const Twin& y) { return {x.a < y.a, x.b < y.b}; }
  friend Twin<Ints> operator!=(const Twin& x, const Twin& y) { return {x.a != y.a, x.b != y.b}; }
  friend Twin<Ints> operator>(const Twin& x, float y) { return {x.a > y, x.b > y}; }
  friend Twin<Ints> operator>=(const Twin& x, float y) { return {x.a >= y, x.b >= y}; }
  friend Twin<Ints> operator!=(const Twin& x, float y) { return {x.a != y, x.b != y}; }
};

using Wide = Twin<Floats>;
constexpr int kWide = 2 * kLanes;

inline Wide select(const Twin<Ints>& mask, const Wide& yes, const Wide& no) {
  return {select(mask.a, yes.a, no.a), select(mask.b, yes.b, no.b)};
}
inline bool any(const Twin<Ints>& mask) {
  return any(mask.a | mask.b);
}
inline Wide larger(const Wide& x, const Wide& y) {
  return {larger(x.a, y.a), larger(x.b, y.b)};
}
inline Wide smaller(const Wide& x, const Wide& y) {
  return {smaller(x.a, y.a), smaller(x.b, y.b)};
}
inline Wide magnitude(const Wide& v) {
  return {magnitude(v.a), magnitude(v.b)};
}
inline Wide nearest(const Wide& v, float low, float high) {
  return {nearest(v.a, low, high), nearest(v.b, low, high)};
}
inline Wide square_root(const Wide& v) {
  return {square_root(v.a), square_root(v.b)};
}
inline void store(const Wide& v, float* out) {
  store(v.a, out);
  store(v.b, out + kLanes);
}

/// As for one vector, lanes from kLanes on in `b`.
template <int kCount>
void load_tile(const float* values, int stride, int live, Wide* out) {
  Floats half[kCount];
  load_tile<kCount>(values, stride, live, half);
  for (int i = 0; i < kCount; ++i) out[i].a = half[i];
  load_tile<kCount>(values + (live > kLanes ? stride * kLanes : 0), stride, live > kLanes ? live - kLanes : 0,
                    half);
  for (int i = 0; i < kCount; ++i) out[i].b = half[i];
}

}  // namespace
}  // namespace glim::encoding
