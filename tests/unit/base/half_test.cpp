#include "engine/base/half.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

using namespace glim;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Value of a finite binary16 pattern from its definition, in double.
double value_of(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

TEST_CASE("every binary16 number becomes the binary32 number of the same value and returns unchanged") {
  for (std::uint32_t i = 0; i <= 0xffff; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = f16_to_f32(bits);
    if ((bits & 0x7fff) > 0x7c00) {
      REQUIRE(std::isnan(value));
      REQUIRE(std::isnan(f16_to_f32(f32_to_f16(value))));
      REQUIRE(std::signbit(value) == ((bits & 0x8000) != 0));
    } else {
      REQUIRE(f32_to_f16(value) == bits);
      if ((bits & 0x7fff) < 0x7c00) REQUIRE(static_cast<double>(value) == value_of(bits));
      REQUIRE(std::signbit(value) == ((bits & 0x8000) != 0));
    }
  }
}

TEST_CASE("rounding to binary16 goes to the nearest and from the middle to the even pattern") {
  for (std::uint16_t low = 0; low < 0x7bff; ++low) {
    const auto high = static_cast<std::uint16_t>(low + 1);
    // Neighbours have 11 significant bits, so their middle is exact in binary32.
    const auto middle = static_cast<float>((value_of(low) + value_of(high)) / 2);
    const std::uint16_t even = low % 2 == 0 ? low : high;
    for (const int sign : {0, 0x8000}) {
      const float factor = sign == 0 ? 1.0f : -1.0f;
      REQUIRE(f32_to_f16(factor * middle) == (even | sign));
      REQUIRE(f32_to_f16(factor * std::nextafter(middle, 0.0f)) == (low | sign));
      REQUIRE(f32_to_f16(factor * std::nextafter(middle, kInfinity)) == (high | sign));
    }
  }
}

TEST_CASE("numbers beyond the range of binary16 become infinity from the middle to the next power on") {
  CHECK(f32_to_f16(65504.0f) == 0x7bff);
  CHECK(f32_to_f16(std::nextafter(65520.0f, 0.0f)) == 0x7bff);
  CHECK(f32_to_f16(65520.0f) == 0x7c00);
  CHECK(f32_to_f16(-1e30f) == 0xfc00);
  CHECK(f32_to_f16(kInfinity) == 0x7c00);
}

TEST_CASE("every bfloat16 pattern returns unchanged and rounding goes to the even neighbour") {
  for (std::uint32_t i = 0; i <= 0xffff; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = bf16_to_f32(bits);
    if ((bits & 0x7fff) > 0x7f80) {
      REQUIRE(std::isnan(bf16_to_f32(f32_to_bf16(value))));
    } else {
      REQUIRE(f32_to_bf16(value) == bits);
    }
  }
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3f808000u)) == 0x3f80);  // middle, lower neighbour even
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3f818000u)) == 0x3f82);  // middle, upper neighbour even
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3f808001u)) == 0x3f81);
  CHECK(f32_to_bf16(std::numeric_limits<float>::max()) == 0x7f80);
  CHECK(std::isnan(
      bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0x7f800001u)))));  // payload only in the low half
}
