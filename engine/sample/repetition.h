#pragma once

#include <span>
#include <vector>

#include "engine/sample/candidates.h"
#include "engine/sample/sampler_options.h"

namespace glim {

/// The part of `history` that a setting like repeat_last_n means: -1 is all of it.
std::span<const TokenId> last_tokens(std::span<const TokenId> history, int count);

/// Repeat, presence and frequency penalties over the last tokens. One thread.
class RepetitionPenalty {
 public:
  explicit RepetitionPenalty(std::size_t tokens) : counts_(tokens) {}
  void apply(Candidates& candidates, std::span<const TokenId> history, const SamplerOptions& options);

 private:
  TokenMarks counts_;
};

/// The penalty on tokens that would continue a sequence which the text has had before (DRY): one that extends
/// a match of n tokens loses multiplier * base^(n - allowed_length). Matches do not reach over a breaker. One
/// thread.
class DryPenalty {
 public:
  /// `breakers` are token sequences, none of them empty.
  DryPenalty(std::size_t tokens, std::vector<std::vector<TokenId>> breakers);
  void apply(Candidates& candidates, std::span<const TokenId> history, const SamplerOptions& options);

 private:
  std::size_t tokens_since_breaker(std::span<const TokenId> text) const;
  void measure(std::span<const TokenId> text, std::size_t limit, std::size_t shortest);
  std::span<const std::vector<TokenId>> breakers_from(TokenId first) const;
  bool is_breaker(TokenId id) const;

  std::vector<std::vector<TokenId>> breakers_;  ///< sorted
  std::vector<std::size_t> matches_;
  TokenMarks lengths_;  ///< 1 + the longest match that the token would extend
};

}  // namespace glim
