#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace glim {

/// The point tables of the lattice formats. A point is the values of eight (IQ2, IQ1) or four (IQ3)
/// neighbours as signed bytes, the first in the lowest byte.
extern const std::array<std::uint64_t, 256> kIq2XxsGrid;
extern const std::array<std::uint64_t, 512> kIq2XsGrid;
extern const std::array<std::uint64_t, 1024> kIq2SGrid;
extern const std::array<std::uint32_t, 256> kIq3XxsGrid;
extern const std::array<std::uint32_t, 512> kIq3SGrid;
extern const std::array<std::uint64_t, 2048> kIq1Grid;

/// Eight signs from the seven bits that are stored: the eighth makes the number of negative ones even.
constexpr unsigned sign_mask(std::uint32_t code) {
  const std::uint32_t low = code & 127;
  return low | (static_cast<unsigned>(std::popcount(low)) & 1u) << 7;
}

/// out[i] = step * value i of the point, negated where bit i of `signs` is set.
inline void write_point(std::uint64_t point, unsigned signs, float step, float* out) {
  for (int i = 0; i < 8; ++i) {
    const float value = step * static_cast<float>((point >> (8 * i)) & 255);
    out[i] = ((signs >> i) & 1) != 0 ? -value : value;
  }
}

/// out[i] = step * (value i of the point + shift)
inline void write_shifted_point(std::uint64_t point, float shift, float step, float* out) {
  for (int i = 0; i < 8; ++i)
    out[i] = step * (static_cast<float>(static_cast<std::int8_t>(point >> (8 * i))) + shift);
}

}  // namespace glim
