#include "engine/measure/drift_statistics.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace glim {
namespace {

template <typename Value>
std::vector<double> all(const TextScore& score, const Value& value) {
  std::vector<double> out;
  for (const auto& chunk : score)
    for (const TokenDrift& drift : chunk) out.push_back(value(drift));
  return out;
}

template <typename Value>
std::vector<std::vector<double>> by_chunk(const TextScore& score, const Value& value) {
  std::vector<std::vector<double>> out;
  for (const auto& chunk : score) {
    out.emplace_back();
    for (const TokenDrift& drift : chunk) out.back().push_back(value(drift));
  }
  return out;
}

template <typename Value>
Spread spread_of(const TextScore& score, const Value& value) {
  Spread out;
  std::vector<double> samples = all(score, value);
  if (samples.empty()) return out;
  out.mean = mean_of(samples);
  out.bootstrap = bootstrap_error(by_chunk(score, value), kBootstrapRounds);
  std::sort(samples.begin(), samples.end());
  for (std::size_t i = 0; i < kPercentiles.size(); ++i)
    out.percentiles[i] = percentile(samples, kPercentiles[i]);
  return out;
}

double loss(const TokenDrift& drift) {
  return -drift.log_p;
}
double base_loss(const TokenDrift& drift) {
  return -drift.base_log_p;
}

template <typename Value>
PerplexityStatistics perplexity_of(const TextScore& score, const Value& value) {
  PerplexityStatistics out;
  const std::vector<double> samples = all(score, value);
  out.tokens = std::ssize(samples);
  out.log = mean_of(samples);
  const double perplexity = std::exp(out.log.value);
  out.value = {perplexity, perplexity * out.log.error};
  out.bootstrap = perplexity * bootstrap_error(by_chunk(score, value), kBootstrapRounds);
  return out;
}

/// The error of a difference whose parts have these errors and this covariance.
double paired_error(double a, double b, double covariance) {
  return std::sqrt(std::max(a * a + b * b - 2 * covariance, 0.0));
}

}  // namespace

double Spread::at(double fraction) const {
  const auto found = std::find(kPercentiles.begin(), kPercentiles.end(), fraction);
  GLIM_ASSERT(found != kPercentiles.end());
  return percentiles[static_cast<std::size_t>(found - kPercentiles.begin())];
}

PerplexityStatistics perplexity_statistics(const TextScore& score) {
  return perplexity_of(score, loss);
}

DriftStatistics drift_statistics(const TextScore& score) {
  DriftStatistics out;
  out.perplexity = perplexity_of(score, loss);
  out.base = perplexity_of(score, base_loss);
  const double covariance = covariance_of_means(all(score, loss), all(score, base_loss));
  const Estimate &model = out.perplexity.log, &base = out.base.log;
  if (model.error > 0 && base.error > 0) out.correlation = covariance / (model.error * base.error);
  out.log_ratio = {model.value - base.value, paired_error(model.error, base.error, covariance)};
  out.ratio.value = std::exp(out.log_ratio.value);
  out.ratio.error = out.ratio.value * out.log_ratio.error;
  const Estimate &perplexity = out.perplexity.value, &base_perplexity = out.base.value;
  out.difference = {perplexity.value - base_perplexity.value,
                    paired_error(perplexity.error, base_perplexity.error,
                                 covariance * perplexity.value * base_perplexity.value)};
  out.kld = spread_of(score, [](const TokenDrift& drift) { return drift.kld; });
  out.noise =
      std::sqrt(mean_of(all(score, [](const TokenDrift& drift) { return drift.noise * drift.noise; })).value);
  out.delta_p = spread_of(score, [](const TokenDrift& drift) { return drift.delta_p(); });
  const Estimate squares =
      mean_of(all(score, [](const TokenDrift& drift) { return drift.delta_p() * drift.delta_p(); }));
  out.rms_delta_p.value = std::sqrt(squares.value);
  if (squares.value > 0) out.rms_delta_p.error = 0.5 / out.rms_delta_p.value * squares.error;
  std::int64_t same = 0;
  for (const auto& chunk : score) {
    for (const TokenDrift& drift : chunk) {
      same += drift.same_top ? 1 : 0;
      out.bound = out.bound || drift.bound;
    }
  }
  out.same_top = share_of(same, out.perplexity.tokens);
  return out;
}

Estimate log_ratio(const TextScore& score, const TextScore& other) {
  const std::vector<double> a = all(score, loss), b = all(other, loss);
  const Estimate mean_a = mean_of(a), mean_b = mean_of(b);
  return {mean_a.value - mean_b.value, paired_error(mean_a.error, mean_b.error, covariance_of_means(a, b))};
}

}  // namespace glim
