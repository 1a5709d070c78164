#pragma once

#include <cstdint>
#include <cstring>

// Nothing here crosses a call, so how vectors would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace glim {

/// Eight numbers side by side, for the lattice formats. Each lane does what scalar code would do, rounding
/// included, so that results do not depend on the instruction set. Everything here is inlined into its
/// caller, which GLIM_CLONES compiles for several instruction sets; the one to use is chosen when the program
/// starts.
#if defined(__x86_64__)
#define GLIM_CLONES [[gnu::target_clones("avx2", "default")]]
#else
#define GLIM_CLONES
#endif
using Floats [[gnu::vector_size(32)]] = float;
using Ints [[gnu::vector_size(32)]] = std::int32_t;
inline constexpr int kLanes = 8;
inline constexpr Ints kLaneNumbers = {0, 1, 2, 3, 4, 5, 6, 7};

[[gnu::always_inline]] inline Floats splat(float value) {
  return Floats{} + value;
}

[[gnu::always_inline]] inline Ints splat(std::int32_t value) {
  return Ints{} + value;
}

[[gnu::always_inline]] inline Floats load_floats(const float* at) {
  Floats out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

[[gnu::always_inline]] inline Ints load_ints(const std::int32_t* at) {
  Ints out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

[[gnu::always_inline]] inline Ints load_ints(const std::uint16_t* at) {
  using Words [[gnu::vector_size(16)]] = std::uint16_t;
  Words words;
  std::memcpy(&words, at, sizeof words);
  return __builtin_convertvector(words, Ints);
}

[[gnu::always_inline]] inline Floats to_floats(const Ints& values) {
  return __builtin_convertvector(values, Floats);
}

/// Lane i of the result is the lane of `values` that the low three bits of lane i of `from` name.
template <class Vector>
[[gnu::always_inline]] inline Vector permute(const Vector& values, const Ints& from) {
#ifdef __clang__  // has no such builtin; only its checkers get here
  Vector out;
  for (int lane = 0; lane < kLanes; ++lane) out[lane] = values[from[lane] & 7];
  return out;
#else
  return __builtin_shuffle(values, from);
#endif
}

/// Whether a comparison held in any lane.
[[gnu::always_inline]] inline bool any(const Ints& mask) {
  using Words [[gnu::vector_size(32)]] = std::uint64_t;
  const Words words = reinterpret_cast<Words>(mask | permute(mask, kLaneNumbers ^ 4));
  return (words[0] | words[1]) != 0;
}

/// To the nearest integer, ties to even, for magnitudes below 2^22. Anything else, NaN included, gives some
/// number of at most that size: callers clamp.
[[gnu::always_inline]] inline Ints round_to_int(const Floats& values) {
  const Floats shifted = values + 0x1.8p23f;
  return (reinterpret_cast<Ints>(shifted) & 0x007fffff) - 0x00400000;
}

[[gnu::always_inline]] inline int round_to_int(float value) {
  const float shifted = value + 0x1.8p23f;
  std::int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  return (bits & 0x007fffff) - 0x00400000;
}

}  // namespace glim
