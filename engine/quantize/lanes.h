#pragma once

#include <cstdint>

/// Vectors of independent values: one group of weights per lane, all groups in the same step of the same
/// search. A lane's arithmetic is that of a scalar loop, so results do not depend on the number of lanes.
/// Sources that include this header are compiled once per instruction set; the internal linkage keeps their
/// code apart.
namespace glim::encoding {
namespace {

#if defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t Ints __attribute__((vector_size(4 * kLanes)));

inline Floats splat(float value) {
  return value - Floats{};
}
inline Ints splat(int value) {
  return value - Ints{};
}

/// All ones where the comparison holds. A comparison with what is not a number never holds.
inline Floats select(Ints mask, Floats yes, Floats no) {
  return mask ? yes : no;
}
inline Ints select(Ints mask, Ints yes, Ints no) {
  return mask ? yes : no;
}

inline bool any(Ints mask) {
  std::int32_t bits = 0;
  for (int lane = 0; lane < kLanes; ++lane) bits |= mask[lane];
  return bits != 0;
}

/// The second argument where one is not a number.
inline Floats larger(Floats a, Floats b) {
  return a > b ? a : b;
}
inline Floats smaller(Floats a, Floats b) {
  return a < b ? a : b;
}
inline Floats clamp(Floats v, float low, float high) {
  return smaller(larger(v, splat(low)), splat(high));
}

inline Floats magnitude(Floats v) {
  return reinterpret_cast<Floats>(reinterpret_cast<Ints>(v) & 0x7fffffff);
}
inline Floats with_sign_of(Floats v, Floats sign) {
  return reinterpret_cast<Floats>((reinterpret_cast<Ints>(v) & 0x7fffffff) |
                                  (reinterpret_cast<Ints>(sign) & INT32_MIN));
}

/// Nearest whole number, ties to even, up to 2^22; what is beyond stays beyond.
inline Floats nearest(Floats v) {
  constexpr float kMagic = 0x1.8p23f;
  return (v + kMagic) - kMagic;
}
inline Floats nearest(Floats v, float low, float high) {
  return clamp(nearest(v), low, high);
}

/// Whole numbers of at most `limit` magnitude, rounded towards zero; the lower limit for what is no number.
inline Ints truncate(Floats v, float low, float high) {
  return __builtin_convertvector(clamp(v, low, high), Ints);
}
/// Nearest whole number, ties away from zero.
inline Ints nearest_away(Floats v, float low, float high) {
  constexpr float kJustBelowHalf = 0x1.fffffep-2f;
  return truncate(v + with_sign_of(splat(kJustBelowHalf), v), low, high);
}

inline Floats to_floats(Ints v) {
  return __builtin_convertvector(v, Floats);
}
inline Ints to_ints(Floats v) {
  return __builtin_convertvector(v, Ints);
}

inline Floats square_root(Floats v) {
  Floats out;
  for (int lane = 0; lane < kLanes; ++lane) out[lane] = __builtin_sqrtf(v[lane]);
  return out;
}

/// As the functions of the same meaning in engine/base/half.h, bit for bit.
inline Ints to_f16_bits(Floats v) {
  const Ints bits = reinterpret_cast<Ints>(v), sign = (bits >> 16) & 0x8000, size = bits & 0x7fffffff;
  const Ints rebased = size - 0x38000000;
  const Ints normal = (rebased + 0xfff + ((rebased >> 13) & 1)) >> 13;
  // Adding one half puts the last bit of the sum where the last bit of a subnormal is.
  const Ints subnormal = reinterpret_cast<Ints>(magnitude(v) + 0.5f) - 0x3f000000;
  Ints out = select(size < 0x38800000, subnormal, normal);
  out = select(size >= 0x47800000, splat(0x7c00), out);
  return sign | select(size > 0x7f800000, 0x7e00 | ((size >> 13) & 0x3ff), out);
}
inline Floats from_f16_bits(Ints bits) {
  const Ints size = bits & 0x7fff;
  const Ints normal = (size << 13) + 0x38000000, special = (size << 13) | 0x7f800000;
  const Ints subnormal = reinterpret_cast<Ints>(to_floats(size) * 0x1p-24f);
  const Ints magnitude_bits = select(size < 0x400, subnormal, select(size >= 0x7c00, special, normal));
  return reinterpret_cast<Floats>(magnitude_bits | ((bits & 0x8000) << 16));
}

/// Lane k of out[i] is values[stride * k + i]; zero for lanes from `live` on.
template <int kCount>
void load_tile(const float* values, int stride, int live, Floats* out) {
  if (live >= kLanes) {
    for (int i = 0; i < kCount; ++i) {
      for (int lane = 0; lane < kLanes; ++lane) out[i][lane] = values[stride * lane + i];
    }
    return;
  }
  for (int i = 0; i < kCount; ++i) {
    out[i] = Floats{};
    for (int lane = 0; lane < live; ++lane) out[i][lane] = values[stride * lane + i];
  }
}

inline Floats load(const float* values) {
  Floats out;
  __builtin_memcpy(&out, values, sizeof out);
  return out;
}
inline void store(Floats v, float* out) {
  __builtin_memcpy(out, &v, sizeof v);
}
/// The low byte, or the low two, of every lane.
inline void store_bytes(Ints v, void* out) {
  typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
  const Bytes bytes = __builtin_convertvector(v, Bytes);
  __builtin_memcpy(out, &bytes, sizeof bytes);
}
inline void store_halves(Ints v, void* out) {
  typedef std::uint16_t Halves __attribute__((vector_size(2 * kLanes)));
  const Halves halves = __builtin_convertvector(v, Halves);
  __builtin_memcpy(out, &halves, sizeof halves);
}

}  // namespace
}  // namespace glim::encoding
