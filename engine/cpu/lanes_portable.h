#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/base/half.h"

namespace glim::cpu {

/// The same as Avx2 in plain C++, for any processor.
struct Portable {
  struct Floats {
    float v[8];
  };
  struct Ints {
    std::int32_t v[8];
  };

  static Floats zero() { return {}; }
  static Floats set(float value) {
    return each([&](int) { return value; });
  }
  static Floats load(const float* p) {
    return each([&](int i) { return p[i]; });
  }
  static void store(float* p, Floats a) { std::memcpy(p, a.v, sizeof a.v); }
  static Floats load_part(const float* p, std::int64_t n) {
    return each([&](int i) { return i < n ? p[i] : 0.0f; });
  }
  static void store_part(float* p, std::int64_t n, Floats a) {
    for (int i = 0; i < n; ++i) p[i] = a.v[i];
  }

  static Floats add(Floats a, Floats b) {
    return each([&](int i) { return a.v[i] + b.v[i]; });
  }
  static Floats mul(Floats a, Floats b) {
    return each([&](int i) { return a.v[i] * b.v[i]; });
  }
  static Floats div(Floats a, Floats b) {
    return each([&](int i) { return a.v[i] / b.v[i]; });
  }
  static Floats fma(Floats a, Floats b, Floats c) {
    return each([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
  }

  static float sum(Floats a) {
    return ((a.v[0] + a.v[1]) + (a.v[2] + a.v[3])) + ((a.v[4] + a.v[5]) + (a.v[6] + a.v[7]));
  }
  static void sums(Floats a, Floats b, Floats c, Floats d, float* out) {
    out[0] = sum(a), out[1] = sum(b), out[2] = sum(c), out[3] = sum(d);
  }

  static float half(const std::byte* p) { return f16_to_f32(read<std::uint16_t>(p)); }
  static Floats f32(const std::byte* p) {
    return each([&](int i) { return read<float>(p + 4 * i); });
  }
  static Floats f16(const std::byte* p) {
    return each([&](int i) { return half(p + 2 * i); });
  }
  static Floats bf16(const std::byte* p) {
    return each([&](int i) { return bf16_to_f32(read<std::uint16_t>(p + 2 * i)); });
  }

  static Ints i8(const std::byte* p) {
    return each_int([&](int i) { return std::int32_t{static_cast<std::int8_t>(p[i])}; });
  }
  static Ints u8(const std::byte* p) {
    return each_int([&](int i) { return std::int32_t{static_cast<std::uint8_t>(p[i])}; });
  }
  static Ints bits(std::uint8_t byte) {
    return each_int([&](int i) { return (byte >> i) & 1; });
  }
  static Ints right(Ints a, int count) {
    return each_int([&](int i) { return a.v[i] >> count; });
  }
  static Ints left(Ints a, int count) {
    return each_int([&](int i) { return a.v[i] << count; });
  }
  static Ints masked(Ints a, int mask) {
    return each_int([&](int i) { return a.v[i] & mask; });
  }
  static Ints either(Ints a, Ints b) {
    return each_int([&](int i) { return a.v[i] | b.v[i]; });
  }
  static Ints minus(Ints a, int b) {
    return each_int([&](int i) { return a.v[i] - b; });
  }
  static Floats floats(Ints a) {
    return each([&](int i) { return static_cast<float>(a.v[i]); });
  }

  static Ints bytes(std::uint64_t eight) {
    return each_int([&](int i) { return std::int32_t{static_cast<std::int8_t>(eight >> (8 * i))}; });
  }
  static Ints fields(std::uint32_t low, std::uint32_t high, int width) {
    return each_int(
        [&](int i) { return static_cast<std::int32_t>((i < 4 ? low : high) >> (i % 4 * width)); });
  }
  static Floats pick(const float* sixteen, Ints index) { return look_up(sixteen, index); }
  static Floats look_up(const float* table, Ints index) {
    return each([&](int i) { return table[index.v[i]]; });
  }
  static Floats flip(Floats a, Ints bits) {
    return each([&](int i) { return (bits.v[i] & 1) != 0 ? -a.v[i] : a.v[i]; });
  }

  static Floats exp(Floats x) {
    return each([&](int i) { return std::exp(x.v[i]); });
  }

 private:
  template <typename Value>
  static Value read(const std::byte* p) {
    Value value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  template <typename Lane>
  static Floats each(Lane lane) {
    Floats out;
    for (int i = 0; i < 8; ++i) out.v[i] = lane(i);
    return out;
  }
  template <typename Lane>
  static Ints each_int(Lane lane) {
    Ints out;
    for (int i = 0; i < 8; ++i) out.v[i] = lane(i);
    return out;
  }
};

}  // namespace glim::cpu
