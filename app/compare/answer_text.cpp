#include "app/compare/answer_text.h"

#include <algorithm>
#include <cmath>

namespace glim::app {
namespace {

bool ended(const CompareAnswer& answer) {
  return answer.state == AnswerState::done;
}

/// Whether the model itself ended here, rather than a limit.
bool ended_itself(const CompareAnswer& answer) {
  return answer.finish == FinishReason::end_of_turn || answer.finish == FinishReason::tool_call ||
         answer.finish == FinishReason::stop_string;
}

std::optional<TokenChance> token_at(const CompareAnswer& answer, std::size_t index) {
  if (index >= answer.tokens.size()) return std::nullopt;
  const AnswerToken& token = answer.tokens[index];
  return TokenChance{token.id, token.text, std::exp(static_cast<double>(token.logprob))};
}

}  // namespace

void AnswerText::append(const std::vector<ReplyDelta>& deltas, const Into& into) {
  for (const ReplyDelta& delta : deltas) (delta.thinking ? into.thinking : into.text) += delta.text;
}

void AnswerText::add(const Piece& piece, const Into& into) {
  const bool before = thinking();
  append(parser_.push(piece.text, piece.special), into);
  // A tag that cut a stop string short comes in two pieces, what was held back and the tag, with one id.
  if (piece.special && !into.tokens.empty() && into.tokens.back().id == piece.id &&
      !into.tokens.back().special) {
    into.tokens.back().text += piece.text;
    into.tokens.back().special = true;
    return;
  }
  into.tokens.push_back({piece.id, piece.text, piece.special, before || thinking(), piece.logprob});
}

void AnswerText::add(const AnswerToken& token, const Into& into) {
  append(parser_.push(token.text, token.special), into);
  into.tokens.push_back(token);
}

void AnswerText::finish(const std::string& rest, const Into& into) {
  append(parser_.push(rest, false), into);
  append(parser_.finish(), into);
}

std::size_t common_tokens(const std::vector<AnswerToken>& reference, const std::vector<AnswerToken>& answer) {
  const auto same = [](const AnswerToken& a, const AnswerToken& b) { return a.id == b.id; };
  const auto [at, other] =
      std::mismatch(reference.begin(), reference.end(), answer.begin(), answer.end(), same);
  return static_cast<std::size_t>(at - reference.begin());
}

void update_split(const CompareAnswer& reference, CompareAnswer& answer) {
  const std::size_t at = common_tokens(reference.tokens, answer.tokens);
  const bool reference_over = at == reference.tokens.size(), answer_over = at == answer.tokens.size();
  answer.same_as_reference =
      reference_over && answer_over && ended(reference) && ended(answer) && reference.finish == answer.finish;
  // One that has stopped where the other goes on differs only if it wanted to stop.
  const bool differs = (!reference_over && !answer_over) ||
                       (reference_over && !answer_over && ended(reference) && ended_itself(reference)) ||
                       (answer_over && !reference_over && ended(answer) && ended_itself(answer)) ||
                       (reference_over && answer_over && ended(reference) && ended(answer) &&
                        ended_itself(reference) != ended_itself(answer));
  if (!differs) {
    answer.split.reset();
    return;
  }
  const auto index = static_cast<std::int32_t>(at);
  if (!answer.split || answer.split->index != index) answer.split = FirstSplit{index, {}, {}, {}, {}};
  answer.split->reference = token_at(reference, at);
  answer.split->pane = token_at(answer, at);
}

DriftSummary summarise(const std::vector<TokenDrift>& rows) {
  DriftSummary out;
  if (rows.empty()) return out;
  std::int32_t same = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TokenDrift& row = rows[i];
    out.mean_kld += row.kld;
    if (out.worst_token < 0 || row.kld > out.largest_kld) {
      out.largest_kld = row.kld;
      out.worst_token = static_cast<std::int32_t>(i);
    }
    out.bound = out.bound || row.bound;
    same += row.same_top ? 1 : 0;
    out.largest_rank = std::max(out.largest_rank, row.rank);
    out.mean_delta_logprob += row.delta_log_p();
  }
  const auto count = static_cast<double>(rows.size());
  out.tokens = static_cast<std::int32_t>(rows.size());
  out.mean_kld /= count;
  out.mean_delta_logprob /= count;
  out.top1 = same / count;
  return out;
}

std::optional<DriftSummary> overall_drift(const Comparison& comparison, std::size_t pane) {
  std::vector<TokenDrift> rows;
  for (const ComparePrompt& prompt : comparison.prompts) {
    if (pane >= prompt.answers.size() || !prompt.answers[pane].drift) continue;
    const std::vector<TokenDrift>& more = prompt.answers[pane].drift->rows;
    rows.insert(rows.end(), more.begin(), more.end());
  }
  if (rows.empty()) return std::nullopt;
  DriftSummary out = summarise(rows);
  out.worst_token = -1;  // of no single answer
  return out;
}

}  // namespace glim::app
