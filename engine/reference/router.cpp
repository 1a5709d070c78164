#include "engine/reference/router.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace glim {
namespace {

using Values = std::array<double, kMaxExperts>;
constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr double kSmallestSum = 0x1p-14;

/// values -> exp(values) / sum; differences to the largest keep the exponentials finite.
void softmax(std::span<double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - largest);
  for (double& value : values) value /= sum;
}

void score(std::span<double> values, Gating gating) {
  if (gating == Gating::softmax) return softmax(values);
  if (gating == Gating::sigmoid) {
    for (double& value : values) value = 1 / (1 + std::exp(-value));
  }
}

/// Index of the largest rank that has not been taken; the first one wins a tie.
std::size_t best(std::span<const double> rank, std::span<const bool> taken) {
  std::size_t found = rank.size();
  for (std::size_t i = 0; i < rank.size(); ++i) {
    if (!taken[i] && (found == rank.size() || rank[i] > rank[found])) found = i;
  }
  return found;
}

double two_largest(std::span<const double> rank) {
  double first = kNever, second = kNever;
  for (double value : rank) {
    second = std::max(second, std::min(first, value));
    first = std::max(first, value);
  }
  return rank.size() > 1 ? first + second : first;
}

/// Takes away the experts of all groups but the best ones.
void limit_groups(std::span<double> rank, const RouterRules& rules) {
  const auto groups = static_cast<std::size_t>(rules.groups);
  const std::size_t size = rank.size() / groups;
  Values group_rank;
  std::array<bool, kMaxExperts> kept{};
  for (std::size_t g = 0; g < groups; ++g) group_rank[g] = two_largest(rank.subspan(g * size, size));
  for (int i = 0; i < rules.groups_used; ++i) {
    kept[best({group_rank.data(), groups}, {kept.data(), groups})] = true;
  }
  for (std::size_t i = 0; i < rank.size(); ++i) {
    if (!kept[i / size]) rank[i] = kNever;
  }
}

}  // namespace

void choose_experts(std::span<const float> logits, std::span<const float> bias, const RouterRules& rules,
                    std::span<std::int32_t> chosen, std::span<float> weight) {
  const std::size_t experts = logits.size();
  const auto active = static_cast<std::size_t>(rules.active);
  GLIM_ASSERT(experts <= kMaxExperts && active <= experts);
  Values scores, ranks, weights;
  std::copy(logits.begin(), logits.end(), scores.begin());
  score({scores.data(), experts}, rules.gating);
  for (std::size_t i = 0; i < experts; ++i) {
    const double rank = scores[i] + (bias.empty() ? 0.0 : static_cast<double>(bias[i]));
    ranks[i] = std::isnan(rank) ? kNever : rank;
  }
  const std::span<double> rank(ranks.data(), experts);
  if (rules.groups > 1) limit_groups(rank, rules);

  std::array<bool, kMaxExperts> taken{};
  double sum = 0;
  for (std::size_t a = 0; a < active; ++a) {
    const std::size_t expert = best(rank, {taken.data(), experts});
    taken[expert] = true;
    chosen[a] = static_cast<std::int32_t>(expert);
    weights[a] = scores[expert];
  }
  const std::span<double> chosen_weights(weights.data(), active);
  if (rules.gating == Gating::softmax_of_selected) softmax(chosen_weights);
  for (double value : chosen_weights) sum += value;
  const double divisor = rules.normalise ? std::max(sum, kSmallestSum) : 1.0;
  const double factor = rules.scale == 0 ? 1.0 : static_cast<double>(rules.scale);
  for (std::size_t a = 0; a < active; ++a) weight[a] = static_cast<float>(weights[a] / divisor * factor);
}

}  // namespace glim
