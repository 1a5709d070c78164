#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/profile.h"
#include "engine/engine.h"
#include "engine/text/reply_parser.h"

namespace glim::app {

enum class TurnKind : std::uint8_t { user, assistant, notice, error };

/// One entry of the conversation as the user sees it. Notices and errors are never sent to the model. Text is
/// as it came from the user or the model and must be sanitised before it is shown. `text` and `thinking` of a
/// turn only grow.
struct Turn {
  std::uint64_t id = 0;  ///< unique for the life of the session, never 0
  TurnKind kind = TurnKind::user;
  std::string text;
  std::string thinking;
  std::string label;  ///< of an answer: the profile that gave it
  bool running = false;
  bool thinking_now = false;
  std::int32_t thinking_tokens = 0;
  std::optional<Prefilling> prompt;  ///< how far it has been read, while nothing of the answer has come
  double thinking_seconds = 0;
  std::optional<FinishReason> finish;  ///< of an answer that has ended, unless it failed
  GenerationStats stats;
  std::chrono::system_clock::time_point time;
};

/// One conversation: its turns, the answer that is being written, and the switches that go with every
/// request. Knows the engine only by its interface and holds one sequence of it. One thread; nothing blocks.
class ChatSession {
 public:
  /// From now on answers come from this engine, which is Ready and outlives the session or the next attach.
  /// The conversation stays. Not while an answer is being written.
  void attach(Engine& engine, Profile profile);
  void detach() { engine_ = nullptr; }  ///< no engine until the next attach(); not while one answers
  void set_profile(Profile profile) { profile_ = std::move(profile); }
  const Profile& profile() const { return profile_; }

  /// Sends a message. On an error (E401: the context is too small, E402: the template failed) the
  /// conversation is as it was before.
  void say(std::string text);
  bool retry();  ///< drops the last answer and asks again; false when there is nothing to answer
  bool undo();   ///< drops the last question with its answer
  void clear();
  bool stop();  ///< the running answer ends soon, what it has stays; false when none runs

  /// Text of the system prompt; empty: none.
  void set_system(std::string text) { system_ = std::move(text); }
  const std::string& system() const { return system_; }

  void notice(std::string text) { add(TurnKind::notice, std::move(text)); }
  void error(std::string text) { add(TurnKind::error, std::move(text)); }

  /// Takes what concerns this session; returns false for everything else.
  bool on(const Event& event);

  const std::vector<Turn>& turns() const { return turns_; }
  bool ready() const { return engine_ != nullptr && !busy(); }
  bool busy() const { return running_; }
  bool stopping() const { return stopping_; }
  /// The prompt's progress while nothing of the answer has come yet.
  std::optional<Prefilling> prefilling() const;

 private:
  Turn& add(TurnKind kind, std::string text);
  Prompt render() const;
  void start();
  void take(const std::vector<ReplyDelta>& deltas);
  void finish(const Finished& finished);
  Turn* running_turn();
  const Turn* running_turn() const;
  void end_running();
  bool concerns(SequenceId sequence) const { return engine_ != nullptr && sequence == sequence_; }

  Engine* engine_ = nullptr;
  SequenceId sequence_ = 0;
  Profile profile_;
  std::string system_;
  std::vector<Turn> turns_;
  std::uint64_t next_id_ = 1;

  bool running_ = false;
  bool stopping_ = false;
  std::optional<ReplyParser> parser_;
  std::chrono::steady_clock::time_point thinking_since_;
};

/// One row of numbers under an answer: "97 tok · 18.2 t/s · ...". While it runs: how far a long prompt has
/// been read, else empty.
std::string timing_text(const Turn& turn);

/// "stopped", "context full", "token limit", or empty for an answer that came to its end.
std::string_view ending_text(const Turn& turn);

}  // namespace glim::app
