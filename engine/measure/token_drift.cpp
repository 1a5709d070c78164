#include "engine/measure/token_drift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/measure/distribution.h"

namespace glim {
namespace {

/// What is known of the model alone.
TokenDrift drift_of(std::span<const float> model, double norm, TokenId next) {
  TokenDrift out;
  out.rank = rank_of(model, next);
  out.log_p = static_cast<double>(model[static_cast<std::size_t>(next)]) - norm;
  return out;
}

/// Probability of all tokens but those of `skipped`, which rise and are not all.
double mass_without(std::span<const float> logits, double norm, std::span<const TokenId> skipped) {
  double sum = 0;
  std::size_t at = 0;
  const auto add_until = [&](std::size_t end) {
    for (; at < end; ++at) sum += std::exp(static_cast<double>(logits[at]) - norm);
  };
  for (const TokenId token : skipped) {
    add_until(static_cast<std::size_t>(token));
    ++at;
  }
  add_until(logits.size());
  return std::max(sum, std::numeric_limits<double>::min());  // never none, however small it is
}

/// The tokens of which a row tells the probability, rising.
std::vector<TokenId> known_tokens(const TopRow& row) {
  std::vector<TokenId> out = {row.next.token};
  for (const TopEntry& entry : row.entries) out.push_back(entry.token);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// The sum over outcomes, and how far it may be off because the logarithms of the base were rounded to f32.
struct MergedSum {
  double value = 0, slack = 0;

  void add(float base_log_p, double log_p) {
    const double p = std::exp(static_cast<double>(base_log_p));
    if (p == 0) return;
    const double difference = static_cast<double>(base_log_p) - log_p;
    value += p * difference;
    // The derivative by ln p is p (ln p - ln q + 1).
    constexpr double kHalfUlp = std::numeric_limits<float>::epsilon() / 2.0;
    const double rounding = kHalfUlp * std::fabs(static_cast<double>(base_log_p));
    slack += p * std::fabs(difference + 1) * rounding;
  }
};

}  // namespace

double TokenDrift::delta_p() const {
  return std::exp(log_p) - std::exp(base_log_p);
}

TopRow keep_top(std::span<const float> logits, TokenId next, std::size_t count) {
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](TokenId token) { return logits[static_cast<std::size_t>(token)]; };
  const auto likelier = [&](TokenId a, TokenId b) {
    return value(a) != value(b) ? value(a) > value(b) : a < b;
  };
  const auto kept = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  std::partial_sort(order.begin(), kept, order.end(), likelier);
  const double norm = log_sum_exp(logits);
  const auto entry = [&](TokenId token) {
    return TopEntry{token, static_cast<float>(static_cast<double>(value(token)) - norm)};
  };
  TopRow out;
  out.next = entry(next);
  std::transform(order.begin(), kept, std::back_inserter(out.entries), entry);
  const std::vector<TokenId> known = known_tokens(out);
  out.tail_log_p = known.size() < logits.size()
                       ? static_cast<float>(std::log(mass_without(logits, norm, known)))
                       : -std::numeric_limits<float>::infinity();
  return out;
}

TokenDrift token_drift(std::span<const float> base, std::span<const float> model, TokenId next) {
  const double base_norm = log_sum_exp(base), norm = log_sum_exp(model);
  TokenDrift out = drift_of(model, norm, next);
  out.base_log_p = static_cast<double>(base[static_cast<std::size_t>(next)]) - base_norm;
  out.same_top = likeliest(base) == likeliest(model);
  double sum = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const double log_p = static_cast<double>(base[i]) - base_norm;
    sum += std::exp(log_p) * (log_p - (static_cast<double>(model[i]) - norm));
  }
  out.kld = std::max(sum, 0.0);  // rounding can make it slightly negative
  return out;
}

TokenDrift token_drift(const TopRow& base, std::span<const float> model) {
  const double norm = log_sum_exp(model);
  TokenDrift out = drift_of(model, norm, base.next.token);
  out.base_log_p = static_cast<double>(base.next.log_p);
  out.same_top =
      !base.entries.empty() && static_cast<std::size_t>(base.entries.front().token) == likeliest(model);
  MergedSum sum;
  bool next_is_entry = false;
  const auto add = [&](const TopEntry& entry) {
    sum.add(entry.log_p, static_cast<double>(model[static_cast<std::size_t>(entry.token)]) - norm);
  };
  for (const TopEntry& entry : base.entries) {
    add(entry);
    next_is_entry = next_is_entry || entry.token == base.next.token;
  }
  if (!next_is_entry) add(base.next);
  const std::vector<TokenId> known = known_tokens(base);
  out.bound = known.size() < model.size();
  if (out.bound) sum.add(base.tail_log_p, std::log(mass_without(model, norm, known)));
  out.kld = std::max(sum.value - (out.bound ? sum.slack : 0), 0.0);
  return out;
}

}  // namespace glim
