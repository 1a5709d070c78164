#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/sample/candidates.h"
#include "engine/sample/random_stream.h"
#include "engine/sample/repetition.h"
#include "engine/sample/sampler_options.h"

namespace glim {

/// What a sampler has to know about the vocabulary.
struct SamplerVocab {
  std::size_t rows = 0;                        ///< logits per token
  std::vector<TokenId> never;                  ///< rows that must not be drawn, such as padding
  std::vector<std::vector<TokenId>> breakers;  ///< token sequences of dry_sequence_breakers, none empty
};

/// Logits to the next token: bias, then the stages of the options' order, then a draw. A temperature of 0
/// takes the best token after bias and penalties, the lowest id of equals. The result depends on options,
/// seed, the number of earlier picks and the arguments only, and is the same on every machine. Nothing but
/// pick() changes it. One sampler per sequence, one thread.
class Sampler {
 public:
  /// Throws E603 for options out of range or a bias on a token that does not exist.
  Sampler(SamplerOptions options, SamplerVocab vocab);

  /// `logits` has one value per row; `history` is everything so far, prompt included. NaN and infinite logits
  /// are never picked. Throws E403 when no logit is finite, E603 when bias and mask leave no token.
  TokenId pick(std::span<const float> logits, std::span<const TokenId> history);

  /// Of the last pick, in the model's own distribution (the softmax of the unchanged logits).
  float logprob() const { return logprob_; }
  /// Of any token in the distribution that the last pick was drawn from. After a pick at temperature 0 it is
  /// 1 for the pick and 0 for the others.
  float probability(TokenId id) const;
  /// The tokens that the last pick was drawn from, ascending by id, with their final logits.
  std::span<const Candidate> choices() const { return choices_; }

  std::uint64_t seed() const { return seed_; }  ///< the one in use, given or made
  const SamplerOptions& options() const { return options_; }

 private:
  struct Context {
    std::span<const TokenId> history;
    double chance;
  };
  void check_vocab() const;
  void assign(std::span<const float> logits);
  void run(SamplerStage stage, const Context& context);
  Candidate greedy(const Context& context);
  Candidate draw(double chance);

  SamplerOptions options_;
  SamplerVocab vocab_;
  std::uint64_t seed_;
  RandomStream random_;
  std::uint64_t picks_ = 0;
  Candidates candidates_;
  RepetitionPenalty repetition_;
  DryPenalty dry_;
  std::vector<Candidate> choices_;
  double log_total_ = 0;  ///< of the choices' exponentials
  float logprob_ = 0;
};

}  // namespace glim
