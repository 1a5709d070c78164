#include "app/compare/scoring.h"

#include <algorithm>

#include "engine/base/error.h"

namespace glim::app {

Scoring::Scoring(const Options& options) : options_(options), worker_(options.worker) {}

void Scoring::begin(std::int32_t prompt, std::vector<TokenId> prompt_tokens, std::vector<TokenId> answer,
                    const std::vector<bool>& others) {
  Text text;
  text.prompt = static_cast<std::int32_t>(prompt_tokens.size());
  text.rows = static_cast<std::int32_t>(answer.size()) + 1;
  text.tokens = std::move(prompt_tokens);
  text.tokens.insert(text.tokens.end(), answer.begin(), answer.end());
  text.cursors.resize(options_.panes);
  bool any = false;
  for (std::size_t pane = 0; pane < options_.panes; ++pane) {
    text.cursors[pane].taking_part = pane != options_.reference && others[pane];
    any = any || text.cursors[pane].taking_part;
  }
  text.cursors[options_.reference].taking_part = any;
  texts_[prompt] = std::move(text);
}

void Scoring::leave(std::size_t pane) {
  for (auto& [prompt, text] : texts_) {
    text.cursors[pane].taking_part = false;
    // What the reference has given is still worth seeing; more will not come.
    if (pane == options_.reference) text.rows = std::min(text.rows, text.cursors[pane].handed);
    forget_seen(prompt, text);
  }
}

void Scoring::abandon(std::int32_t prompt) {
  const auto found = texts_.find(prompt);
  if (found == texts_.end()) return;
  for (Cursor& cursor : found->second.cursors) cursor.taking_part = false;
  worker_.forget(prompt, found->second.rows);
}

/// Rows that can be scored now, [first, last).
std::pair<std::int32_t, std::int32_t> Scoring::piece(const Text& text, std::size_t pane) const {
  const Cursor& own = text.cursors[pane];
  const Cursor& reference = text.cursors[options_.reference];
  std::int32_t end = text.rows;
  if (pane != options_.reference) {
    end = std::min(end, reference.handed);
  } else if (options_.together) {
    for (std::size_t other = 0; other < text.cursors.size(); ++other) {
      if (other == pane || !text.cursors[other].taking_part) continue;
      if (text.cursors[other].compared < own.asked) end = own.asked;
    }
  }
  return {own.asked, std::min(end, own.asked + kPieceRows)};
}

std::optional<ScoreRequest> Scoring::next(std::int32_t prompt, std::size_t pane) const {
  const auto found = texts_.find(prompt);
  if (found == texts_.end() || !found->second.cursors[pane].taking_part) return std::nullopt;
  const Text& text = found->second;
  const auto [first, last] = piece(text, pane);
  if (first >= last) return std::nullopt;
  ScoreRequest request;
  // Row r is the prediction behind the token before the answer's token r.
  request.tokens.assign(text.tokens.begin(), text.tokens.begin() + text.prompt + last - 1);
  request.first = text.prompt - 1 + first;
  request.keep_logits = true;
  return request;
}

void Scoring::asked(std::int32_t prompt, std::size_t pane) {
  Text& text = texts_.at(prompt);
  text.cursors[pane].asked = piece(text, pane).second;
}

void Scoring::scored(std::int32_t prompt, std::size_t pane, Scored scored,
                     std::optional<std::int32_t> split) {
  Text& text = texts_.at(prompt);
  Cursor& cursor = text.cursors[pane];
  if (!cursor.taking_part) return;
  DriftWorker::Rows rows{
      prompt, static_cast<std::int32_t>(pane), cursor.handed, std::move(scored.logits), {}, {}, 0};
  rows.count = static_cast<std::size_t>(cursor.asked - cursor.handed);
  const std::size_t width = rows.logits.size() / rows.count;
  if (pane == options_.reference) text.vocabulary = width;
  if (width == 0 || width * rows.count != rows.logits.size() || width != text.vocabulary)
    throw Error(ErrorCode::E112,
                "its vocabulary has another size than the reference's; no drift between them");
  const auto from = text.tokens.begin() + text.prompt + cursor.handed;
  const auto count =
      std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rows.count), text.tokens.end() - from);
  rows.next.assign(from, from + count);
  rows.split = split;
  cursor.handed = cursor.asked;
  pane == options_.reference ? worker_.keep(std::move(rows)) : worker_.compare(std::move(rows));
}

bool Scoring::done(std::int32_t prompt, std::size_t pane) const {
  const auto found = texts_.find(prompt);
  if (found == texts_.end()) return true;
  const Cursor& cursor = found->second.cursors[pane];
  return !cursor.taking_part || cursor.compared >= found->second.rows;
}

void Scoring::forget_seen(std::int32_t prompt, const Text& text) {
  std::int32_t seen = text.rows;
  bool all = true;
  for (std::size_t pane = 0; pane < text.cursors.size(); ++pane) {
    const Cursor& cursor = text.cursors[pane];
    if (pane == options_.reference || !cursor.taking_part) continue;
    seen = std::min(seen, cursor.compared);
    all = all && cursor.compared >= text.rows;
  }
  if (options_.together || all) worker_.forget(prompt, seen);
}

std::optional<DriftWorker::Result> Scoring::poll() {
  std::optional<DriftWorker::Result> result = worker_.poll();
  if (!result) return result;
  const auto found = texts_.find(result->prompt);
  if (found == texts_.end()) return result;
  Cursor& cursor = found->second.cursors[static_cast<std::size_t>(result->pane)];
  cursor.compared = std::max(cursor.compared, result->first + static_cast<std::int32_t>(result->count));
  forget_seen(result->prompt, found->second);
  return result;
}

}  // namespace glim::app
