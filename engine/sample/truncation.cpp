#include "engine/sample/truncation.h"

#include <algorithm>
#include <cmath>

#include "engine/sample/portable_math.h"

namespace glim {
namespace {

/// Entropy in nats, from the weights alone: log Z - sum w (logit - max) / Z.
double entropy(std::span<const Candidate> items, const Candidates::Weights& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    // A weight of 0 stands for a limit that is 0, though its logarithm is not finite.
    const auto w = static_cast<double>(weights.each[i]);
    if (w > 0) sum += w * (static_cast<double>(items[i].logit) - static_cast<double>(weights.max));
  }
  return portable_log(weights.sum) - sum / weights.sum;
}

void keep_above(Candidates& candidates, double lowest) {
  const auto items = candidates.items();
  candidates.keep_if([&](std::size_t i) { return static_cast<double>(items[i].logit) >= lowest; });
}

float temperature_of(Candidates& candidates, const SamplerOptions& options) {
  if (!(options.dynatemp_range > 0) || candidates.size() < 2) return options.temp;
  const double low =
      std::max(0.0, static_cast<double>(options.temp) - static_cast<double>(options.dynatemp_range));
  const double high = static_cast<double>(options.temp) + static_cast<double>(options.dynatemp_range);
  const double most = portable_log(static_cast<double>(candidates.size()));
  const double share = std::max(0.0, entropy(candidates.items(), candidates.weights()) / most);
  const auto exponent = static_cast<double>(options.dynatemp_exponent);
  const double power = exponent == 0 ? 1.0 : share > 0 ? portable_pow(share, exponent) : 0.0;
  return static_cast<float>(low + (high - low) * power);
}

}  // namespace

void top_n_sigma(Candidates& candidates, float n) {
  if (!(n > 0) || candidates.size() < 2) return;
  const auto items = candidates.items();
  const auto count = static_cast<double>(items.size());
  double mean = 0, variance = 0;
  for (const Candidate& item : items) mean += static_cast<double>(item.logit) / count;
  for (const Candidate& item : items) {
    const double distance = static_cast<double>(item.logit) - mean;
    variance += distance * distance / count;
  }
  keep_above(candidates,
             static_cast<double>(candidates.best().logit) - static_cast<double>(n) * std::sqrt(variance));
}

void top_k(Candidates& candidates, int k) {
  if (k <= 0 || static_cast<std::size_t>(k) >= candidates.size()) return;
  const float max = candidates.best().logit;
  const auto items = candidates.items();
  std::vector<float>& buffer = candidates.scratch();
  buffer.assign(2 * items.size(), 1.0f);
  for (std::size_t i = 0; i < items.size(); ++i) buffer[i] = max - items[i].logit;
  const std::span<const float> both = buffer;
  candidates.keep_beginning(both.first(items.size()), both.subspan(items.size()), k);
}

void typical_p(Candidates& candidates, float p) {
  if (p >= 1 || candidates.size() < 2) return;
  const Candidates::Weights weights = candidates.weights();
  const auto items = candidates.items();
  // Surprise minus entropy is (log Z - (logit - max)) - H; log Z cancels against the one in H.
  const double shift = portable_log(weights.sum) - entropy(items, weights);
  std::vector<float>& keys = candidates.scratch();
  keys.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double below_best = static_cast<double>(weights.max) - static_cast<double>(items[i].logit);
    keys[i] = bounded_logit(std::abs(below_best + shift));
  }
  // The set must exceed p, not only reach it.
  const double target = std::nextafter(static_cast<double>(p) * weights.sum, weights.sum);
  candidates.keep_beginning(keys, weights.each, target);
}

void top_p(Candidates& candidates, float p) {
  if (p >= 1 || candidates.size() < 2) return;
  const Candidates::Weights weights = candidates.weights();
  const auto items = candidates.items();
  std::vector<float>& keys = candidates.scratch();
  keys.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) keys[i] = weights.max - items[i].logit;
  candidates.keep_beginning(keys, weights.each, static_cast<double>(p) * weights.sum);
}

void min_p(Candidates& candidates, float p) {
  if (!(p > 0) || candidates.size() < 2) return;
  keep_above(candidates, static_cast<double>(candidates.best().logit) + portable_log(static_cast<double>(p)));
}

void exclude_top_choices(Candidates& candidates, float probability, float threshold, double chance) {
  // Two tokens cannot both have more than half of the probability.
  if (!(probability > 0) || threshold > 0.5f || candidates.size() < 2) return;
  if (chance > static_cast<double>(probability)) return;
  const Candidates::Weights weights = candidates.weights();
  const auto items = candidates.items();
  const double lowest = static_cast<double>(threshold) * weights.sum;
  const auto is_top = [&](std::size_t i) { return static_cast<double>(weights.each[i]) >= lowest; };
  std::size_t count = 0, last = 0;  // last: the least likely top choice, the highest id of equals
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_top(i)) continue;
    if (count == 0 || items[i].logit <= items[last].logit) last = i;
    ++count;
  }
  if (count >= 2) candidates.keep_if([&](std::size_t i) { return i == last || !is_top(i); });
}

void apply_temperature(Candidates& candidates, const SamplerOptions& options) {
  const float temperature = temperature_of(candidates, options);
  const Candidate best = candidates.best();
  // Where the quotients leave the range of floats, only the limit is left: the most likely token.
  const double scaled = static_cast<double>(best.logit) / static_cast<double>(temperature);
  if (!(temperature > 0) || std::abs(scaled) > 1e30) {
    const auto items = candidates.items();
    candidates.keep_if([&](std::size_t i) { return items[i].id == best.id; });
    return;
  }
  for (Candidate& item : candidates.items()) {
    item.logit = bounded_logit(static_cast<double>(item.logit) / static_cast<double>(temperature));
  }
}

}  // namespace glim
