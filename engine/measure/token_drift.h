#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/token.h"

namespace glim {

/// What one prediction of a model has lost against that of its base at the same position of the same text.
/// Logarithms are natural.
struct TokenDrift {
  double kld = 0;         ///< KL(base || model) in nats, never negative
  bool bound = false;     ///< kld is a proven lower bound, because only a part of the base was kept
  double noise = 0;       ///< standard deviation of kld from how the base's values were rounded
  bool same_top = false;  ///< both find the same token likeliest
  std::int32_t rank = 0;  ///< of the token that follows among the model's predictions; 1 is the likeliest
  double base_log_p = 0;  ///< ln of the probability that the base gives to the token that follows
  double log_p = 0;       ///< and the model
  double delta_log_p() const { return log_p - base_log_p; }
  double delta_p() const;  ///< difference of the probabilities themselves
};

/// One token that was kept, and ln of its probability.
struct TopEntry {
  TokenId token = -1;
  float log_p = 0;

  friend bool operator==(const TopEntry&, const TopEntry&) = default;
};

/// The likeliest tokens of a prediction, the token that follows, and what all others have together. Enough to
/// bound a divergence from below in a few hundred bytes: to merge outcomes of two distributions never makes
/// them differ more (the log sum inequality; Cover and Thomas, Elements of Information Theory, 2.7.1).
struct TopRow {
  std::vector<TopEntry> entries;  ///< falling probability; among equals the lower id first
  TopEntry next;                  ///< the token that follows, which may be one of `entries` or not
  float tail_log_p = 0;           ///< of the tokens that are neither; -infinity when there are none
};

/// The `count` likeliest tokens of `logits` [V], V at most when it has fewer, and `next`.
TopRow keep_top(std::span<const float> logits, TokenId next, std::size_t count);

/// `base` and `model` are logits [V] of the same vocabulary; `next` is below V. Exact, in double precision.
TokenDrift token_drift(std::span<const float> base, std::span<const float> model, TokenId next);

/// The same from what was kept of the base, whose tokens are below V. Exact when everything was kept; else
/// kld is a lower bound, from which the rounding of the kept values has been taken off.
TokenDrift token_drift(const TopRow& base, std::span<const float> model);

}  // namespace glim
