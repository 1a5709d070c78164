#pragma once

#include <cfloat>

#include "engine/quantize/eight_lanes.h"
#include "engine/quantize/lattice.h"

namespace glim {

/// What each level of the values of a group would cost: lane l of errors[i] is the weighted squared error of
/// value i at level l. With two bits per level the lanes repeat after four.
template <int kBits>
struct LevelErrors {
  static constexpr int kValues = kBits == 2 ? 8 : 4;
  static constexpr Ints kLevels = kBits == 2 ? kLaneNumbers & 3 : kLaneNumbers;
  Floats errors[kValues];
};

/// The smallest lane of `keys` among those where `values` has its smallest lane.
[[gnu::always_inline]] inline int key_of_smallest(const Floats& values, const Ints& keys) {
  Floats smallest = values;
#pragma GCC unroll 3
  for (int half = 4; half > 0; half /= 2) {
    const Floats other = permute(smallest, kLaneNumbers ^ half);
    smallest = other < smallest ? other : smallest;
  }
  Ints key = values == smallest ? keys : splat(INT32_MAX);
#pragma GCC unroll 3
  for (int half = 4; half > 0; half /= 2) {
    const Ints other = permute(key, kLaneNumbers ^ half);
    key = other < key ? other : key;
  }
  return key[0];
}

/// The candidate with the smallest error, the first of equal ones: eight candidates in the lanes, the errors
/// of their values added in order.
template <int kBits>
[[gnu::always_inline]] inline unsigned nearest_point(const Lattice& lattice, Lattice::Cell cell,
                                                     const LevelErrors<kBits>& levels) {
  const std::uint16_t* candidates = lattice.candidates(cell);
  Floats best = splat(FLT_MAX);
  Ints best_number = kLaneNumbers, number = kLaneNumbers;
  for (unsigned block = 0; block < cell.blocks; ++block) {
    const Ints codes = load_ints(candidates + kLanes * block);
    Floats error = permute(levels.errors[0], codes);
#pragma GCC unroll 8
    for (int i = 1; i < LevelErrors<kBits>::kValues; ++i)
      error += permute(levels.errors[i], codes >> (kBits * i));
    const Ints closer = error < best;
    best = closer ? error : best;
    best_number = closer ? number : best_number;
    number += kLanes;
  }
  return candidates[key_of_smallest(best, best_number)];
}

}  // namespace glim
