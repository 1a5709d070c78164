#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/quant/grids.h"
#include "engine/quant/levels.h"

namespace glim::cpu {

/// Tables of engine/quant as floats or in a form that a kernel reads with one load. They are data and not
/// functions, so that no code for one instruction set can be taken for another's.

template <std::size_t count>
constexpr std::array<float, 16> as_floats(const std::int8_t (&levels)[count]) {
  std::array<float, 16> out = {};
  for (std::size_t i = 0; i < count; ++i) out[i] = levels[i];
  return out;
}

alignas(32) inline constexpr std::array<float, 16> kUneven = as_floats(kUnevenLevels);
alignas(32) inline constexpr std::array<float, 16> kFp4 = as_floats(kFp4Levels);
alignas(32) inline constexpr std::array<float, 16> kRocmFp4 = as_floats(kRocmFp4Levels);
alignas(32) inline constexpr std::array<float, 16> kRocmFp3 = as_floats(kRocmFp3Levels);

template <typename Value, typename Make>
constexpr auto table_of(Make make) {
  std::array<Value, 256> out = {};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = make(static_cast<std::uint8_t>(i));
  return out;
}

inline constexpr auto kHalfE4m3 = table_of<float>([](std::uint8_t e) { return half_e4m3(e); });
inline constexpr auto kHalfPowers = table_of<float>([](std::uint8_t e) { return half_power_of_two(e); });
/// The scales of NVFP4; see nvfp4.h.
inline constexpr auto kNvFp4Scales = table_of<float>(
    [](std::uint8_t e) { return e == 0xff ? 240.0f : half_e4m3(static_cast<std::uint8_t>(e & 0x7f)); });
/// Six bits of sign and magnitude; see q6_0_rocmfpx.h. Used to 64.
inline constexpr auto kRocmFp6 = table_of<float>([](std::uint8_t bits) {
  const auto magnitude = static_cast<float>(bits & 31);
  return bits == 32 ? -32.0f : (bits & 32) != 0 ? -magnitude : magnitude;
});
/// Eight signs from the seven that are stored.
inline constexpr auto kSignMasks =
    table_of<std::uint8_t>([](std::uint8_t code) { return static_cast<std::uint8_t>(sign_mask(code)); });

}  // namespace glim::cpu
