#pragma once

#include <cstdint>

namespace glim {

/// Eight scales and eight minimums of six bits each, packed into the 12 bytes that Q4_K and Q5_K share: bytes
/// 0-3 and 4-7 hold the first four of each in their low six bits, bytes 8-11 the low nibbles of the last four
/// of both, whose upper two bits sit on top of bytes 0-7.
struct ScalePair {
  int scale, minimum;
};

inline ScalePair scale_pair(const std::uint8_t (&packed)[12], int k) {
  if (k < 4) return {packed[k] & 63, packed[k + 4] & 63};
  return {(packed[k + 4] & 15) | ((packed[k - 4] >> 6) << 4), (packed[k + 4] >> 4) | ((packed[k] >> 6) << 4)};
}

}  // namespace glim
