#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

/// How many tokens are likelier than this one, and one.
inline std::int32_t rank_of(std::span<const float> logits, std::int32_t token) {
  const float own = logits[static_cast<std::size_t>(token)];
  return 1 + static_cast<std::int32_t>(
                 std::count_if(logits.begin(), logits.end(), [own](float value) { return value > own; }));
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
