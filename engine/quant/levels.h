#pragma once

#include <bit>
#include <cstdint>

namespace glim {

/// The tables and scale codes that several formats share.

/// IQ4_NL and IQ4_XS: closer together near zero, one more on the negative side.
inline constexpr std::int8_t kUnevenLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                  1,    13,   25,  38,  53,  69,  89,  113};

/// Twice the values of E2M1, the four-bit float of OCP Microscaling Formats 1.0; the upper half is negative.
inline constexpr std::int8_t kFp4Levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
inline constexpr std::int8_t kRocmFp4Levels[16] = {0, 1, 2, 3, 4, 6, 8, 10, 0, -1, -2, -3, -4, -6, -8, -10};
inline constexpr std::int8_t kRocmFp3Levels[8] = {0, 1, 2, 4, 0, -1, -2, -4};

/// 2^(e - 128): half of the E8M0 number, to go with levels that are doubled.
constexpr float half_power_of_two(std::uint8_t e) {
  // Below exponent 2 the number is subnormal.
  const std::uint32_t bits = e < 2 ? 0x00200000u << e : static_cast<std::uint32_t>(e - 1) << 23;
  return std::bit_cast<float>(bits);
}

/// Half of the unsigned E4M3 number; codes above 0x7e are no numbers and give 0.
constexpr float half_e4m3(std::uint8_t e) {
  if (e > 0x7e) return 0;
  if (e < 8) return static_cast<float>(e) * 0x1p-10f;
  return static_cast<float>(8 + (e & 7)) *
         std::bit_cast<float>(static_cast<std::uint32_t>(e / 8 - 11 + 127) << 23);
}

}  // namespace glim
