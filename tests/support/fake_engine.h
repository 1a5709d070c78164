#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/event_queue.h"
#include "engine/engine.h"

namespace glim {

/// An engine that does what a test tells it to. Events come from post(), or from `replies` when there are
/// some: then every generate() is answered at once with the next of them. With `predict` generate() and
/// score() are answered by a model of its own: greedy, one piece "tN " per token. Nothing runs by itself.
class FakeEngine final : public Engine {
 public:
  struct Reply {
    std::vector<std::string> pieces;  ///< tags of thoughts and calls are special tokens
    FinishReason finish = FinishReason::end_of_turn;
  };

  explicit FakeEngine(EngineOptions options);
  ~FakeEngine() override {
    if (on_end) on_end();
  }

  int wake_fd() const override { return events_.fd(); }
  std::optional<Event> poll() override { return events_.poll(); }
  const ModelCard& card() const override { return model; }
  Prompt render(const ChatRequest& request) const override;  ///< one token per word; throws when told to
  std::vector<TokenId> tokenize(std::string_view text, bool specials) const override;
  std::string piece(TokenId token) const override { return "t" + std::to_string(token) + " "; }
  SequenceId open_sequence() override { return next_sequence_++; }
  void close_sequence(SequenceId sequence) override { closed.push_back(sequence); }
  SequenceId fork_sequence(SequenceId) override { return next_sequence_++; }
  void generate(SequenceId sequence, Request request) override;
  void score(SequenceId sequence, ScoreRequest request) override;
  void cancel(SequenceId sequence) override;
  void reconfigure(const EngineOptions& wanted) override { reconfigured.push_back(wanted); }
  Stats stats() const override { return numbers; }

  void post(Event event) { events_.push(std::move(event)); }
  void post_pieces(const std::vector<std::string>& pieces);
  void post_finish(FinishReason reason = FinishReason::end_of_turn);

  EngineOptions options;
  ModelCard model;
  Stats numbers;
  std::deque<Reply> replies;
  ReplyState start = ReplyState::content;
  float logprob = -0.5f;                    ///< of every piece
  bool same_ids = false;                    ///< equal pieces are equal tokens; else all are different
  bool answer_cancel = false;               ///< cancel() ends the generation by itself
  std::optional<std::string> render_error;  ///< render() throws E402 with it

  /// The logits [vocabulary] behind a text; token 0 ends a reply.
  std::function<std::vector<float>(std::span<const TokenId> text)> predict;
  std::function<void()> on_end;                     ///< called by the destructor
  std::optional<Failed> fail_score, fail_generate;  ///< what score() or generate() is answered with
  bool silent = false, silent_scores = false;  ///< generate() and score(), or only the latter, are only noted

  mutable std::vector<ChatRequest> rendered;
  std::vector<ChatRequest>* rendered_too = nullptr;  ///< for tests that outlive the engine; not owned
  std::vector<Request> requests;
  std::vector<ScoreRequest> score_requests;
  std::vector<EngineOptions> reconfigured;
  std::vector<SequenceId> cancelled, closed;

 private:
  void write_predicted(SequenceId sequence, const Request& request);

  EventQueue<Event> events_;
  SequenceId next_sequence_ = 1;
  SequenceId running_ = 0;
  std::int32_t generated_ = 0;
};

}  // namespace glim
