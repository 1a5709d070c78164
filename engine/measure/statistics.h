#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace glim {

/// A measured value and its standard error.
struct Estimate {
  double value = 0, error = 0;
};

struct Interval {
  double low = 0, high = 0;
};

/// Mean of independent samples; its error is 0 for fewer than two.
Estimate mean_of(std::span<const double> samples);

/// Mean of the product of deviations, over n - 1: the covariance of the two means. Both have the same length.
double covariance_of_means(std::span<const double> a, std::span<const double> b);

/// `rising` is sorted and not empty, `fraction` from 0 to 1: linear between the samples around
/// fraction * (n - 1).
double percentile(std::span<const double> rising, double fraction);

/// Share of `hits` among `count` with its binomial error sqrt(p (1 - p) / (count - 1)).
Estimate share_of(std::int64_t hits, std::int64_t count);

/// Share of all groups together, each with its hits and its count; the error of lm-evaluation-harness'
/// groups: variances inside the groups only, weighted by their size.
struct GroupCount {
  std::int64_t hits = 0, count = 0;
};
Estimate pooled_share(std::span<const GroupCount> groups);

/// Bounds of the share in the long run at 95 % (Wilson 1927).
Interval wilson(std::int64_t hits, std::int64_t count);

/// Items of which the second of two models got right what the first got wrong, and the other way round.
struct Discordant {
  std::int64_t better = 0, worse = 0;
};

/// Chance of a split at least so uneven when neither model is better: McNemar's test, exact, two-sided.
double mcnemar_p(const Discordant& pairs);

/// Standard error of the mean of all samples when whole groups are drawn again with replacement `rounds`
/// times; samples of one text depend on each other, its groups hardly. 0 for fewer than two groups that are
/// not empty. The same groups give the same error.
double bootstrap_error(std::span<const std::vector<double>> groups, std::int32_t rounds);

}  // namespace glim
