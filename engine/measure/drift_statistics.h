#pragma once

#include <array>
#include <cstdint>

#include "engine/measure/statistics.h"
#include "engine/measure/text_score.h"

namespace glim {

/// From the largest value to the smallest.
inline constexpr std::array kPercentiles = {1.0,  0.999, 0.99, 0.95, 0.9,   0.75, 0.5,
                                            0.25, 0.1,   0.05, 0.01, 0.001, 0.0};

/// A statistic over all positions that count.
struct Spread {
  Estimate mean;         ///< with the error of independent samples
  double bootstrap = 0;  ///< error of the mean when whole chunks are drawn again
  std::array<double, kPercentiles.size()> percentiles = {};
  double at(double fraction) const;  ///< one of kPercentiles
};

struct PerplexityStatistics {
  std::int64_t tokens = 0;
  Estimate log;          ///< mean of -ln p
  Estimate value;        ///< exp of it
  double bootstrap = 0;  ///< error of `value` when whole chunks are drawn again
};

/// As llama-perplexity defines them: `--kl-divergence`.
struct DriftStatistics {
  PerplexityStatistics perplexity, base;
  double correlation = 0;                 ///< of the two -ln p, 0 when one does not vary
  Estimate log_ratio, ratio, difference;  ///< of perplexity against base; paired, so tighter than either
  bool bound = false;                     ///< divergences are proven lower bounds
  double noise = 0;                       ///< root mean square of that of the divergences
  Spread kld;                             ///< nats
  Spread delta_p;                         ///< probability of the right token, against the base's
  Estimate rms_delta_p;
  Estimate same_top;  ///< share of positions with the same likeliest token
};

constexpr std::int32_t kBootstrapRounds = 1000;

PerplexityStatistics perplexity_statistics(const TextScore& score);
DriftStatistics drift_statistics(const TextScore& score);

/// ln of how much larger the perplexity of `score` is than that of `other`, with the error of the paired
/// difference. Both are of the same positions.
Estimate log_ratio(const TextScore& score, const TextScore& other);

}  // namespace glim
