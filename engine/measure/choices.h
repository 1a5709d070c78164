#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/measure/text_model.h"

namespace glim {

/// How likely `token` is behind position `position` of sequence `sequence`.
struct TokenQuery {
  std::size_t sequence = 0;
  std::int32_t position = 0;
  TokenId token = -1;
};

/// One of several answers and how it is scored.
struct Choice {
  std::vector<TokenQuery> queries;  ///< ln p of all of them are added up
  double length = 1;  ///< that the sum is divided by where answers of all lengths are to compete
};

/// A question whose right answer is to be the likeliest.
struct ChoiceItem {
  std::vector<std::vector<TokenId>> sequences;
  std::vector<Choice> choices;
};

/// Sums of ln p of the choices; empty when it was stopped. What the sequences begin with in common is run
/// once, and so is what they share with those of the item before. `model` holds the longest sequence.
std::vector<double> score_choices(TextModel& model, const ChoiceItem& item, const TextModel::GoOn& go_on);

/// Index of the largest score, or of the largest score per length; the first one wins a tie.
std::size_t best_choice(std::span<const double> scores);
std::size_t best_choice_by_length(std::span<const double> scores, const ChoiceItem& item);

/// How many tokens all sequences begin with in common.
std::size_t common_prefix(std::span<const std::vector<TokenId>> sequences);

/// Queries for the tokens of sequence `sequence` from index `begin`, at least 1, to before `end`.
std::vector<TokenQuery> tail_queries(std::span<const std::vector<TokenId>> sequences, std::size_t sequence,
                                     std::size_t begin, std::size_t end);

struct GreedyRules {
  std::int32_t max_tokens = 256;
  std::vector<std::string> stop;  ///< texts that end the answer and do not belong to it
};

/// The likeliest continuation of `prompt`, token by token, until the model ends its turn, a stop text appears
/// or the rules' length is reached. `stopped` is set when `go_on` ended it. `model` holds prompt and answer.
struct GreedyAnswer {
  std::string text;
  std::int32_t tokens = 0;
  bool stopped = false;
};
GreedyAnswer answer_greedily(TextModel& model, std::vector<TokenId> prompt, const GreedyRules& rules,
                             const TextModel::GoOn& go_on);

}  // namespace glim
