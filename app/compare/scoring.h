#pragma once

#include <map>
#include <optional>
#include <vector>

#include "app/compare/drift_worker.h"
#include "engine/engine.h"

namespace glim::app {

/// Who has scored which rows of the reference's answers, and the comparison of what came out. Answers are
/// scored in pieces, so that logits of a large vocabulary take bounded memory: with `together` the reference
/// waits until the others have seen its piece; without, when the panes are loaded one after the other, its
/// rows are kept. One owner thread.
class Scoring {
 public:
  static constexpr std::int32_t kPieceRows = 64;

  struct Options {
    std::size_t panes = 0, reference = 0;
    bool together = true;
    DriftWorker::Options worker;
  };
  explicit Scoring(const Options& options);

  int wake_fd() const { return worker_.wake_fd(); }
  std::optional<DriftWorker::Result> poll();

  /// The reference has answered a prompt; the panes in `others` are to score it.
  void begin(std::int32_t prompt, std::vector<TokenId> prompt_tokens, std::vector<TokenId> answer,
             const std::vector<bool>& others);
  bool begun(std::int32_t prompt) const { return texts_.count(prompt) != 0; }
  void leave(std::size_t pane);       ///< it scores nothing any more
  void abandon(std::int32_t prompt);  ///< nobody scores it any more

  /// What `pane` can score now; nothing while it has to wait and when it is done.
  std::optional<ScoreRequest> next(std::int32_t prompt, std::size_t pane) const;
  void asked(std::int32_t prompt, std::size_t pane);  ///< next() has been sent to its engine
  /// The engine's answer. Throws E112 when it has another vocabulary than the reference.
  void scored(std::int32_t prompt, std::size_t pane, Scored scored, std::optional<std::int32_t> split);
  bool done(std::int32_t prompt, std::size_t pane) const;  ///< or not taking part

 private:
  struct Cursor {
    bool taking_part = false;
    std::int32_t asked = 0, handed = 0, compared = 0;  ///< rows: requested, given to the worker, seen again
  };
  struct Text {
    std::vector<TokenId> tokens;  ///< prompt and answer
    std::int32_t prompt = 0;      ///< tokens of the prompt
    std::int32_t rows = 0;        ///< one more than the answer has tokens
    std::vector<Cursor> cursors;
    std::size_t vocabulary = 0;
  };

  std::pair<std::int32_t, std::int32_t> piece(const Text& text, std::size_t pane) const;
  void forget_seen(std::int32_t prompt, const Text& text);

  Options options_;
  DriftWorker worker_;
  std::map<std::int32_t, Text> texts_;
};

}  // namespace glim::app
