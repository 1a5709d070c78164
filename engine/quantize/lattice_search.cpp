#include "engine/quantize/lattice_search.h"

#include "engine/quantize/lattice_nearest.h"

namespace glim {
namespace {

/// Trials side by side, one in each lane.
struct Batch {
  Floats inverse, scale;
  int lanes;        ///< how many are in use
  unsigned groups;  ///< to round
  std::int32_t codes[8][kLanes];
  unsigned moved[kLanes];
};

template <int kBits>
[[gnu::always_inline]] inline void round_group(const float* target, Batch& batch, int group) {
  using Errors = LevelErrors<kBits>;
  constexpr int kTop = kBits == 2 ? 2 : 7;
  Ints code{};
  for (int i = 0; i < Errors::kValues; ++i) {
    Ints level = round_to_int(0.5f * (batch.inverse * target[i] - 1.0f));
    level = level < 0 ? splat(0) : level;
    level = level > kTop ? splat(kTop) : level;
    code |= level << (kBits * i);
  }
  std::memcpy(batch.codes[group], &code, sizeof code);
}

template <int kBits>
[[gnu::always_inline]] inline void move_to_points(const Lattice& lattice, const Magnitudes& block,
                                                  Batch& batch, int group) {
  using Errors = LevelErrors<kBits>;
  const Floats odd = to_floats(2 * Errors::kLevels + 1);
  const float* target = block.target + group * Errors::kValues;
  const float* weight = block.root_weight + group * Errors::kValues;
  for (int lane = 0; lane < batch.lanes; ++lane) {
    const Lattice::Cell cell = lattice.cell(static_cast<unsigned>(batch.codes[group][lane]));
    if (cell.is_point()) continue;
    batch.moved[lane] |= 1u << group;
    Errors levels;
    const Floats reached = batch.scale[lane] * odd;
    for (int i = 0; i < Errors::kValues; ++i) {
      const Floats off = reached - target[i];
      levels.errors[i] = weight[i] * off * off;
    }
    batch.codes[group][lane] = static_cast<std::int32_t>(nearest_point<kBits>(lattice, cell, levels));
  }
}

template <int kBits>
[[gnu::always_inline]] inline void round_batch(const Lattice& lattice, const Magnitudes& block,
                                               Batch& batch) {
  constexpr int kValues = LevelErrors<kBits>::kValues;
  for (unsigned& moved : batch.moved) moved = 0;
  for (int group = 0; group < block.count / kValues; ++group) {
    if ((batch.groups >> group & 1) == 0) continue;
    round_group<kBits>(block.target + group * kValues, batch, group);
    move_to_points<kBits>(lattice, block, batch, group);
  }
}

/// Of the weighted least squares: the sums of w x q and w q^2.
struct Sums {
  Floats wxq{}, wqq{};
};

template <int kBits>
[[gnu::always_inline]] inline Sums sum(const Magnitudes& block, const Batch& batch) {
  constexpr int kValues = LevelErrors<kBits>::kValues;
  Sums out;
  for (int group = 0; group < block.count / kValues; ++group) {
    const Ints codes = load_ints(batch.codes[group]);
    for (int i = 0; i < kValues; ++i) {
      const Floats odd = to_floats(2 * ((codes >> (kBits * i)) & ((1 << kBits) - 1)) + 1);
      const float weight = block.weight[group * kValues + i];
      out.wxq += weight * block.target[group * kValues + i] * odd;
      out.wqq += weight * odd * odd;
    }
  }
  return out;
}

template <int kBits>
[[gnu::always_inline]] inline ScaleFit search(const Lattice& lattice, const Magnitudes& block,
                                              const ScaleTrials& trials) {
  const float top = kBits == 2 ? 5 : 15;
  ScaleFit fit{.scale = trials.largest / top, .codes = {}, .moved = 0};
  float score = 0;
  Batch batch{};
  batch.groups = ~0u;
  for (int first = -trials.reach; first <= trials.reach; first += kLanes) {
    batch.inverse = (top + to_floats(first + kLaneNumbers) * trials.step) / trials.largest;
    batch.scale = 1.0f / batch.inverse;
    batch.lanes = trials.reach - first < kLanes ? trials.reach - first + 1 : kLanes;
    round_batch<kBits>(lattice, block, batch);
    const Sums sums = sum<kBits>(block, batch);
    for (int lane = 0; lane < batch.lanes; ++lane) {
      const float wxq = sums.wxq[lane], wqq = sums.wqq[lane];
      if (!(wqq > 0 && wxq * wxq > score * wqq)) continue;
      fit.scale = wxq / wqq;
      score = fit.scale * wxq;
      fit.moved = batch.moved[lane];
      for (int group = 0; group < 8; ++group)
        fit.codes[group] = static_cast<std::uint16_t>(batch.codes[group][lane]);
    }
  }
  return fit;
}

template <int kBits>
[[gnu::always_inline]] inline void refine(const Lattice& lattice, const Magnitudes& block, unsigned groups,
                                          ScaleFit& fit) {
  Batch batch{};
  batch.inverse = splat(1.0f / fit.scale);
  batch.scale = splat(fit.scale);
  batch.lanes = 1;
  batch.groups = groups;
  for (int group = 0; group < 8; ++group) batch.codes[group][0] = fit.codes[group];
  round_batch<kBits>(lattice, block, batch);
  for (int group = 0; group < 8; ++group)
    fit.codes[group] = static_cast<std::uint16_t>(batch.codes[group][0]);
  const Sums sums = sum<kBits>(block, batch);
  if (sums.wqq[0] > 0) fit.scale = sums.wxq[0] / sums.wqq[0];
}

}  // namespace

GLIM_CLONES ScaleFit search_scale(const Lattice& lattice, const Magnitudes& block,
                                  const ScaleTrials& trials) {
  return lattice.bits() == 2 ? search<2>(lattice, block, trials) : search<3>(lattice, block, trials);
}

GLIM_CLONES void refine_scale(const Lattice& lattice, const Magnitudes& block, unsigned groups,
                              ScaleFit& fit) {
  if (lattice.bits() == 2) {
    refine<2>(lattice, block, groups, fit);
  } else {
    refine<3>(lattice, block, groups, fit);
  }
}

}  // namespace glim
