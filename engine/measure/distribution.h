#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace glim {

/// softmax in logarithms: what is to be subtracted from a logit to get the logarithm of its probability.
inline double log_sum_exp(std::span<const float> logits) {
  const auto largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

/// Index of the likeliest token; the first one wins a tie.
inline std::size_t likeliest(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// KL(base || other) in nats: what is lost when `other` stands in for `base`. Both have the same length.
inline double kl_divergence(std::span<const float> base, std::span<const float> other) {
  const double base_norm = log_sum_exp(base), other_norm = log_sum_exp(other);
  double sum = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const double log_p = static_cast<double>(base[i]) - base_norm;
    sum += std::exp(log_p) * (log_p - (static_cast<double>(other[i]) - other_norm));
  }
  return std::max(sum, 0.0);  // rounding can make it slightly negative
}

/// The first position of a chunk whose prediction counts: those before know too little of the text.
inline std::int32_t first_scored(std::size_t chunk_tokens) {
  return static_cast<std::int32_t>(chunk_tokens / 2);
}

/// Perplexity of a text from the probabilities that a model gave to its tokens.
class PerplexityMeter {
 public:
  void add(std::span<const float> logits, std::int32_t token) {
    sum_ += log_sum_exp(logits) - static_cast<double>(logits[static_cast<std::size_t>(token)]);
    ++count_;
  }
  std::int64_t count() const { return count_; }
  double log() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0; }
  double value() const { return std::exp(log()); }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace glim
