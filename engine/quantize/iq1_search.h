#pragma once

#include <cstdint>

namespace glim {

/// IQ1: values are scale * (level - 1 + shift) with levels 0, 1 and 2 and a shift of +1/8 or -1/8.
struct Iq1Group {
  float x[32], weight[32];
  int count;  ///< 32 (IQ1_S) or 16 (IQ1_M)
};

struct Iq1Fit {
  float scale;             ///< above zero; 0: nothing can be fitted, all weights being zero
  std::uint16_t index[4];  ///< of the points
  std::uint16_t codes[4];  ///< of the points: two bits per level
  unsigned negative;       ///< bit k: the shift of point k is -1/8
};

/// The best scale, levels and shifts: one shift for all of 32 values.
Iq1Fit fit_iq1_s(const Iq1Group& group);
/// A shift for each half of 16 values.
Iq1Fit fit_iq1_m(const Iq1Group& group);

/// What level - 1 + shift can be.
inline constexpr float kIq1Levels[2][3] = {{-0.875f, 0.125f, 1.125f}, {-1.125f, -0.125f, 0.875f}};

}  // namespace glim
