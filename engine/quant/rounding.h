#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace glim {

/// What the encoders of the formats with 32 values to a block share. They round and do not search, so that a
/// row of the KV cache costs little to write; each gives the same bits on every machine. A block with a value
/// that is not finite gets a scale that is not finite, so that decoding shows the damage.

/// The value of largest magnitude, the first of several; not a number when any value is not finite.
inline float signed_largest(const float* in, int count) {
  float largest = 0;
  for (int i = 0; i < count; ++i) {
    if (!std::isfinite(in[i])) return std::numeric_limits<float>::quiet_NaN();
    if (std::fabs(in[i]) > std::fabs(largest)) largest = in[i];
  }
  return largest;
}

/// 1 / d where values can be multiplied with it, else 0.
inline float usable_inverse(float d) {
  const float inverse = 1.0f / d;
  return std::isfinite(d) && std::isfinite(inverse) ? inverse : 0.0f;
}

/// Codes of in[i] = (code - half) * d for the signed value of largest magnitude at code 0. Returns d.
inline float round_symmetric(const float* in, int half, std::uint8_t* codes) {
  const float d = signed_largest(in, 32) / static_cast<float>(-half);
  const float inverse = usable_inverse(d), middle = static_cast<float>(half) + 0.5f;
  for (int i = 0; i < 32; ++i) {
    // Without a usable scale every code is 0, which is no value that hides a scale that is not finite.
    const bool lost = inverse == 0 && d != 0;
    codes[i] =
        lost ? std::uint8_t{0}
             : static_cast<std::uint8_t>(std::min(2 * half - 1, static_cast<int>(in[i] * inverse + middle)));
  }
  return d;
}

struct Steps {
  float d, m;
};

/// Codes of in[i] = code * d + m from 0 to `top`.
inline Steps round_between(const float* in, int top, std::uint8_t* codes) {
  float low = in[0], high = in[0];
  for (int i = 1; i < 32; ++i) low = std::min(low, in[i]), high = std::max(high, in[i]);
  if (!std::isfinite(signed_largest(in, 32))) low = high = std::numeric_limits<float>::quiet_NaN();
  const float d = (high - low) / static_cast<float>(top), inverse = usable_inverse(d);
  for (int i = 0; i < 32; ++i) {
    const float steps = inverse == 0 ? 0.0f : (in[i] - low) * inverse + 0.5f;
    codes[i] = static_cast<std::uint8_t>(std::min(top, static_cast<int>(steps)));
  }
  return {d, low};
}

/// The low four bits of 32 codes: values 0 to 15 in the low nibbles, 16 to 31 in the high ones.
inline void pack_nibbles(const std::uint8_t* codes, std::uint8_t* qs) {
  for (int i = 0; i < 16; ++i) qs[i] = static_cast<std::uint8_t>((codes[i] & 15) | (codes[i + 16] & 15) << 4);
}

/// Bit 4 of 32 codes, lowest first.
inline void pack_fifth_bits(const std::uint8_t* codes, std::uint8_t* qh) {
  std::fill_n(qh, 4, std::uint8_t{0});
  for (int i = 0; i < 32; ++i)
    qh[i / 8] = static_cast<std::uint8_t>(qh[i / 8] | ((codes[i] >> 4) << (i % 8)));
}

}  // namespace glim
