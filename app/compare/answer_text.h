#pragma once

#include <vector>

#include "app/compare/comparison.h"
#include "engine/text/reply_parser.h"

namespace glim::app {

/// Puts the pieces of one reply together: its tokens, its text and its thoughts.
class AnswerText {
 public:
  AnswerText(ReplyState start, const ReplyOptions& options) : parser_(start, options) {}

  struct Into {
    std::vector<AnswerToken>& tokens;
    std::string& text;
    std::string& thinking;
  };
  void add(const Piece& piece, const Into& into);
  void add(const AnswerToken& token, const Into& into);  ///< one that was written before
  void finish(const std::string& rest, const Into& into);
  bool thinking() const { return parser_.state() == ReplyState::thinking; }

 private:
  static void append(const std::vector<ReplyDelta>& deltas, const Into& into);

  ReplyParser parser_;
};

/// Where `answer` leaves `reference`; the length of the shorter one when it is the beginning of the other.
std::size_t common_tokens(const std::vector<AnswerToken>& reference, const std::vector<AnswerToken>& answer);

/// The first split of an answer and whether it equals the reference to the end, as far as both are written.
/// Keeps the distributions of a split that stays where it was.
void update_split(const CompareAnswer& reference, CompareAnswer& answer);

/// Of the rows so far.
DriftSummary summarise(const std::vector<TokenDrift>& rows);

/// Over all prompts of one pane, every token counting once. Nothing when no prompt has drift.
std::optional<DriftSummary> overall_drift(const Comparison& comparison, std::size_t pane);

}  // namespace glim::app
