#include "engine/measure/choices.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/measure/distribution.h"

namespace glim {
namespace {

/// A query and the choice that it counts for.
struct Asked {
  TokenQuery query;
  std::size_t choice = 0;
};

}  // namespace

std::vector<double> score_choices(TextModel& model, const ChoiceItem& item, const TextModel::GoOn& go_on) {
  std::vector<std::vector<Asked>> by_sequence(item.sequences.size());
  for (std::size_t choice = 0; choice < item.choices.size(); ++choice)
    for (const TokenQuery& query : item.choices[choice].queries)
      by_sequence[query.sequence].push_back({query, choice});
  std::vector<double> sums(item.choices.size(), 0);
  for (std::size_t s = 0; s < by_sequence.size(); ++s) {
    std::vector<Asked>& asked = by_sequence[s];
    if (asked.empty()) continue;
    std::stable_sort(asked.begin(), asked.end(),
                     [](const Asked& a, const Asked& b) { return a.query.position < b.query.position; });
    std::size_t next = 0;
    const auto answer = [&](std::int32_t position, std::span<const float> logits) {
      if (next == asked.size() || asked[next].query.position != position) return;
      const double norm = log_sum_exp(logits);
      for (; next < asked.size() && asked[next].query.position == position; ++next)
        sums[asked[next].choice] +=
            static_cast<double>(logits[static_cast<std::size_t>(asked[next].query.token)]) - norm;
    };
    const auto needed = static_cast<std::size_t>(asked.back().query.position) + 1;
    if (!model.run_on(std::span(item.sequences[s]).first(needed), asked.front().query.position, answer,
                      go_on))
      return {};
  }
  return sums;
}

std::size_t best_choice(std::span<const double> scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

std::size_t best_choice_by_length(std::span<const double> scores, const ChoiceItem& item) {
  std::vector<double> shares(scores.begin(), scores.end());
  for (std::size_t i = 0; i < shares.size(); ++i) shares[i] /= item.choices[i].length;
  return best_choice(shares);
}

std::size_t common_prefix(std::span<const std::vector<TokenId>> sequences) {
  GLIM_ASSERT(!sequences.empty());
  std::size_t length = sequences.front().size();
  for (const std::vector<TokenId>& sequence : sequences) {
    const auto end =
        std::mismatch(sequence.begin(), sequence.end(), sequences.front().begin(), sequences.front().end());
    length = std::min(length, static_cast<std::size_t>(end.first - sequence.begin()));
  }
  return length;
}

std::vector<TokenQuery> tail_queries(std::span<const std::vector<TokenId>> sequences, std::size_t sequence,
                                     std::size_t begin, std::size_t end) {
  std::vector<TokenQuery> out;
  for (std::size_t i = begin; i < end; ++i)
    out.push_back({sequence, static_cast<std::int32_t>(i) - 1, sequences[sequence][i]});
  return out;
}

GreedyAnswer answer_greedily(TextModel& model, std::vector<TokenId> prompt, const GreedyRules& rules,
                             const TextModel::GoOn& go_on) {
  GreedyAnswer out;
  while (out.tokens < rules.max_tokens) {
    TokenId next = -1;
    const auto choose = [&](std::int32_t, std::span<const float> logits) {
      next = static_cast<TokenId>(likeliest(logits));
    };
    out.stopped = !model.run_on(prompt, static_cast<std::int32_t>(prompt.size()) - 1, choose, go_on);
    if (out.stopped || model.tokenizer().is_eog(next)) return out;
    prompt.push_back(next);
    out.text += model.tokenizer().piece(next, true);
    ++out.tokens;
    for (const std::string& stop : rules.stop) {
      const std::size_t at = out.text.find(stop);
      if (at == out.text.npos) continue;
      out.text.resize(at);
      return out;
    }
  }
  return out;
}

}  // namespace glim
