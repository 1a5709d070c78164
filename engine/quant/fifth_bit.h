#pragma once

#include <cstdint>

namespace glim {

/// Bit `i` (0 to 31) of the little-endian word `qh`, moved to the place of the fifth bit of a code.
inline int fifth_bit(const std::uint8_t (&qh)[4], int i) {
  return ((qh[i / 8] >> (i % 8)) & 1) << 4;
}

}  // namespace glim
