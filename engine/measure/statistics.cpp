#include "engine/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace glim {
namespace {

double sum(std::span<const double> samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0);
}

/// What a group adds to the mean of a draw.
struct GroupSum {
  double sum = 0, count = 0;
};

}  // namespace

Estimate mean_of(std::span<const double> samples) {
  if (samples.empty()) return {};
  return {sum(samples) / static_cast<double>(samples.size()),
          std::sqrt(std::max(covariance_of_means(samples, samples), 0.0))};
}

double covariance_of_means(std::span<const double> a, std::span<const double> b) {
  GLIM_ASSERT(a.size() == b.size());
  if (a.size() < 2) return 0;
  const auto count = static_cast<double>(a.size());
  const double mean_a = sum(a) / count, mean_b = sum(b) / count;
  double products = 0;
  for (std::size_t i = 0; i < a.size(); ++i) products += (a[i] - mean_a) * (b[i] - mean_b);
  return products / count / (count - 1);
}

double percentile(std::span<const double> rising, double fraction) {
  const double at = fraction * static_cast<double>(rising.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= rising.size()) return rising.back();
  const double part = at - static_cast<double>(below);
  return (1 - part) * rising[below] + part * rising[below + 1];
}

Estimate share_of(std::int64_t hits, std::int64_t count) {
  if (count == 0) return {};
  const double share = static_cast<double>(hits) / static_cast<double>(count);
  return {share, count < 2 ? 0 : std::sqrt(share * (1 - share) / static_cast<double>(count - 1))};
}

Estimate pooled_share(std::span<const GroupCount> groups) {
  GroupCount all;
  double squares = 0;
  for (const GroupCount& group : groups) {
    const double error = share_of(group.hits, group.count).error;
    squares += static_cast<double>(group.count - 1) * error * error * static_cast<double>(group.count);
    all.hits += group.hits;
    all.count += group.count;
  }
  const auto total = static_cast<double>(all.count);
  const double free = total - static_cast<double>(groups.size());
  return {share_of(all.hits, all.count).value, free > 0 ? std::sqrt(squares / free / total) : 0};
}

Interval wilson(std::int64_t hits, std::int64_t count) {
  if (count == 0) return {0, 1};
  constexpr double kDeviations = 1.959963984540054;  // of a normal distribution, 95 % between
  constexpr double kSquare = kDeviations * kDeviations;
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(hits) / n;
  const double middle = share + kSquare / (2 * n);
  const double reach = kDeviations * std::sqrt(share * (1 - share) / n + kSquare / (4 * n * n));
  return {std::max((middle - reach) / (1 + kSquare / n), 0.0),
          std::min((middle + reach) / (1 + kSquare / n), 1.0)};
}

double mcnemar_p(const Discordant& pairs) {
  const std::int64_t count = pairs.better + pairs.worse, fewer = std::min(pairs.better, pairs.worse);
  const auto n = static_cast<double>(count);
  double tail = 0;
  for (std::int64_t k = 0; k <= fewer; ++k) {
    const auto i = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) - n * std::log(2.0));
  }
  return std::min(2 * tail, 1.0);
}

double bootstrap_error(std::span<const std::vector<double>> groups, std::int32_t rounds) {
  std::vector<GroupSum> sums;
  for (const std::vector<double>& group : groups)
    if (!group.empty()) sums.push_back({sum(group), static_cast<double>(group.size())});
  if (sums.size() < 2 || rounds < 2) return 0;
  Random random(0x626f6f74);
  std::vector<double> means;
  for (std::int32_t round = 0; round < rounds; ++round) {
    GroupSum draw;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const GroupSum& group = sums[random.below(sums.size())];
      draw.sum += group.sum;
      draw.count += group.count;
    }
    means.push_back(draw.sum / draw.count);
  }
  const double middle = sum(means) / static_cast<double>(means.size());
  double squares = 0;
  for (const double mean : means) squares += (mean - middle) * (mean - middle);
  return std::sqrt(squares / static_cast<double>(means.size() - 1));
}

}  // namespace glim
