#include "engine/quantize/iq1_search.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/quantize/lattice_nearest.h"

namespace glim {
namespace {

/// The values in ascending order, equal ones as they stand. What is no number has a place too.
struct Order {
  std::uint8_t at[32];  ///< index of the value at each place
};

[[gnu::always_inline]] inline Order sort(const Iq1Group& group) {
  std::int32_t keys[32];
  for (int i = 0; i < group.count; ++i) {
    const float x = group.x[i] + 0.0f;  // one zero
    std::memcpy(&keys[i], &x, sizeof x);
    keys[i] ^= (keys[i] >> 31) & INT32_MAX;
  }
  Order order;
  for (int first = 0; first < group.count; first += kLanes) {
    const Ints key = load_ints(keys + first), numbers = first + kLaneNumbers;
    Ints place{};
    for (int j = 0; j < group.count; ++j) place -= (keys[j] < key) | ((keys[j] == key) & (j < numbers));
    for (int lane = 0; lane < kLanes; ++lane) order.at[place[lane]] = static_cast<std::uint8_t>(first + lane);
  }
  return order;
}

/// Where to cut the sorted values: level 0 before `first`, level 2 from `second` on.
struct Split {
  float scale = 0, score = -FLT_MAX;
  int first = 0, second = 0;
  unsigned negative = 0;

  /// Takes the other if it explains more: wxq and wqq are the sums of w x q and w q^2.
  void offer(float wxq, float wqq, const Split& other) {
    if (!(wqq > 0 && wxq * wxq > score * wqq)) return;
    *this = other;
    scale = wxq / wqq;
    score = scale * wxq;
  }
};

/// Sums over the sorted values before each place; the padding is for reading eight at once.
struct Prefix {
  float wx[33 + kLanes] = {}, w[33 + kLanes] = {};
};

[[gnu::always_inline]] inline Prefix prefix_sums(const Iq1Group& group, const Order& order) {
  Prefix out;
  for (int j = 0; j < group.count; ++j) {
    const int i = order.at[j];
    out.wx[j + 1] = out.wx[j] + group.weight[i] * group.x[i];
    out.w[j + 1] = out.w[j] + group.weight[i];
  }
  return out;
}

/// The sums for the cuts at `first` and at eight places in the lanes.
struct SplitSums {
  Floats wxq, wqq;
  Ints better_than(float score) const { return (wqq > 0) & (wxq * wxq > score * wqq); }
};

[[gnu::always_inline]] inline SplitSums split_sums(const Prefix& sums, int count, int first, int second,
                                                   const float (&q)[3]) {
  const Floats wx = load_floats(sums.wx + second), w = load_floats(sums.w + second);
  return {
      sums.wx[first] * q[0] + (wx - sums.wx[first]) * q[1] + (sums.wx[count] - wx) * q[2],
      sums.w[first] * q[0] * q[0] + (w - sums.w[first]) * q[1] * q[1] + (sums.w[count] - w) * q[2] * q[2]};
}

[[gnu::always_inline]] inline Split best_split(const Iq1Group& group, const Order& order) {
  const Prefix sums = prefix_sums(group, order);
  Split best;
  for (int first = 0; first <= group.count; ++first) {
    for (int second = first; second <= group.count; second += kLanes) {
      const SplitSums plus = split_sums(sums, group.count, first, second, kIq1Levels[0]);
      const SplitSums minus = split_sums(sums, group.count, first, second, kIq1Levels[1]);
      if (!any(plus.better_than(best.score) | minus.better_than(best.score))) continue;
      for (int lane = 0; lane < kLanes && second + lane <= group.count; ++lane) {
        Split split{.first = first, .second = second + lane, .negative = 0};
        best.offer(plus.wxq[lane], plus.wqq[lane], split);
        split.negative = 15;
        best.offer(minus.wxq[lane], minus.wqq[lane], split);
      }
    }
  }
  return best;
}

/// Of IQ1_M: what a value adds to the sums at each level. Lanes 0-3 hold w x q and 4-7 w q^2 for the four
/// combinations of shifts: bit 0 of the lane is the second half's, bit 1 the first half's.
struct Terms {
  Floats at_level[3];
};

[[gnu::always_inline]] inline Terms terms(const Iq1Group& group, int i) {
  const float x = group.x[i], w = group.weight[i];
  const Floats other = {x, x, x, x, 0, 0, 0, 0};
  const Ints squares = {0, 0, 0, 0, -1, -1, -1, -1}, first_half = {0, 0, -1, -1, 0, 0, -1, -1},
             second_half = {0, -1, 0, -1, 0, -1, 0, -1};
  Terms out;
  for (int level = 0; level < 3; ++level) {
    const Floats q =
        (i < 8 ? first_half : second_half) != 0 ? splat(kIq1Levels[1][level]) : splat(kIq1Levels[0][level]);
    out.at_level[level] = w * q * (squares != 0 ? q : other);
  }
  return out;
}

/// The sums for every pair of cuts in a half: each adds its terms in sorted order, as one after the other
/// would.
struct HalfSums {
  static constexpr int kCount = 16;
  Floats at[kCount + 4][kCount + 1];  ///< [first][second]
};

[[gnu::always_inline]] inline void sum_halves(const Iq1Group& group, const Order& order, HalfSums& out) {
  constexpr int kCount = HalfSums::kCount;
  Terms sorted[kCount];
  for (int j = 0; j < kCount; ++j) sorted[j] = terms(group, order.at[j]);
  Floats below{}, started[kCount + 4] = {};  // the latter up to `second`, by `first`
  for (int second = 0; second <= kCount; ++second) {
    started[second] = below;
    // Four sums at a time hide the latency of the additions.
    for (int first = 0; first <= second; first += 4) {
      Floats sums[4] = {started[first], started[first + 1], started[first + 2], started[first + 3]};
      for (int j = second; j < kCount; ++j) {
#pragma GCC unroll 4
        for (Floats& sum : sums) sum += sorted[j].at_level[2];
      }
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) out.at[first + i][second] = sums[i];
    }
    if (second == kCount) break;
    for (int first = 0; first <= second; ++first) started[first] += sorted[second].at_level[1];
    below += sorted[second].at_level[0];
  }
}

[[gnu::always_inline]] inline Split best_split_of_halves(const Iq1Group& group, const Order& order) {
  constexpr unsigned kNegative[4] = {0, 2, 1, 3};
  HalfSums all;
  sum_halves(group, order, all);
  Split best;
  for (int first = 0; first <= HalfSums::kCount; ++first) {
    for (int second = first; second <= HalfSums::kCount; ++second) {
      const Floats sums = all.at[first][second], wqq = permute(sums, kLaneNumbers ^ 4);
      if (!any((wqq > 0) & (sums * sums > best.score * wqq) & (kLaneNumbers < 4))) continue;
      for (int k = 0; k < 4; ++k) {
        const Split split{.first = first, .second = second, .negative = kNegative[k]};
        best.offer(sums[k], sums[k + 4], split);
      }
    }
  }
  return best;
}

/// A negative scale is the mirror image of a positive one.
[[gnu::always_inline]] inline void code_levels(const Iq1Group& group, const Order& order, const Split& split,
                                               Iq1Fit& fit) {
  for (int j = 0; j < group.count; ++j) {
    const int i = order.at[j];
    int level = j < split.first ? 0 : j < split.second ? 1 : 2;
    if (split.scale < 0) level = 2 - level;
    fit.codes[i / 8] = static_cast<std::uint16_t>(fit.codes[i / 8] | level << (2 * (i % 8)));
  }
  fit.scale = std::fabs(split.scale);
  fit.negative = split.scale < 0 ? ~split.negative : split.negative;
}

[[gnu::always_inline]] inline void move_to_point(const Lattice& lattice, Lattice::Cell cell,
                                                 const Iq1Group& group, Iq1Fit& fit, int k) {
  const float(&q)[3] = kIq1Levels[fit.negative >> k & 1];
  const Floats reached = fit.scale * Floats{q[0], q[1], q[2], q[2], q[0], q[1], q[2], q[2]};
  LevelErrors<2> levels;
  for (int i = 0; i < 8; ++i) {
    const Floats off = reached - group.x[8 * k + i];
    levels.errors[i] = group.weight[8 * k + i] * off * off;
  }
  fit.codes[k] = static_cast<std::uint16_t>(nearest_point<2>(lattice, cell, levels));
}

void refit_scale(const Iq1Group& group, Iq1Fit& fit) {
  float wxq = 0, wqq = 0;
  for (int i = 0; i < group.count; ++i) {
    const float q = kIq1Levels[fit.negative >> (i / 8) & 1][fit.codes[i / 8] >> (2 * (i % 8)) & 3];
    wxq += group.weight[i] * q * group.x[i];
    wqq += group.weight[i] * q * q;
  }
  if (wxq > 0 && wqq > 0) fit.scale = wxq / wqq;
}

[[gnu::always_inline]] inline Iq1Fit fit_points(const Iq1Group& group, const Order& order,
                                                const Split& split) {
  const Lattice& lattice = iq1_lattice();
  Iq1Fit fit{};
  if (split.scale == 0) return fit;
  code_levels(group, order, split, fit);
  bool moved = false;
  for (int k = 0; k < group.count / 8; ++k) {
    const Lattice::Cell cell = lattice.cell(fit.codes[k]);
    if (!cell.is_point()) {
      moved = true;
      move_to_point(lattice, cell, group, fit, k);
    }
    fit.index[k] = static_cast<std::uint16_t>(lattice.index(fit.codes[k]));
  }
  if (moved) refit_scale(group, fit);
  return fit;
}

}  // namespace

GLIM_CLONES Iq1Fit fit_iq1_s(const Iq1Group& group) {
  GLIM_ASSERT(group.count == 32);
  const Order order = sort(group);
  return fit_points(group, order, best_split(group, order));
}

GLIM_CLONES Iq1Fit fit_iq1_m(const Iq1Group& group) {
  GLIM_ASSERT(group.count == 16);
  const Order order = sort(group);
  return fit_points(group, order, best_split_of_halves(group, order));
}

}  // namespace glim
