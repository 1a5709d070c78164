#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/model_slot.h"
#include "app/signals.h"
#include "engine/engine.h"
#include "engine/text/reply_parser.h"

namespace glim::app {

/// Waits for events of one engine where there is no screen to keep alive. A signal or the end of the time
/// becomes an exit status; afterwards next() waits without either, so that a cancelled generation can be seen
/// to its end.
class EventWaiter {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  EventWaiter(Signals* signals, Deadline deadline) : signals_(signals), deadline_(deadline) {}

  struct Interrupted {
    int status;  ///< 124, or 128 + the signal's number
  };
  std::variant<Event, Interrupted> next(Engine& engine);

 private:
  Signals* signals_;  ///< not owned; null: none are looked at
  Deadline deadline_;
};

struct Answer {
  std::string text, thinking;
  std::vector<ToolCall> tool_calls;
  std::optional<FinishReason> finish;  ///< none: it failed
  GenerationStats stats;
  int interrupted = 0;  ///< exit status of a signal or the time limit, else 0
};

/// What comes while a reply is being written.
struct ReplyWatcher {
  std::function<void(const Prefilling&)> on_prefill;
  std::function<void(const Piece&)> on_piece;
  std::function<void(const ReplyDelta&)> on_delta;
};

/// Thrown when a signal or the time limit came while a model was loading.
struct LoadInterrupted {
  int status;
};

/// Opens an engine and waits until it is ready. Throws the Error it failed with, or LoadInterrupted.
std::unique_ptr<Engine> open_and_wait(EngineSource& source, const EngineOptions& options, EventWaiter& waiter,
                                      const std::function<void(const Loading&)>& on_loading = {});

/// What to generate and where; `request.start` says what the reply begins with.
struct ReplyJob {
  SequenceId sequence;
  Request request;
  ReplyOptions reply;  ///< how the reply is to be read
};

/// The reply to its end; the sequence stays open. Throws the Error of a generation that failed.
Answer reply_to(Engine& engine, ReplyJob job, EventWaiter& waiter, const ReplyWatcher& watcher = {});

/// The answer to a prompt to its end, in a sequence of its own. Throws the Error of a generation that failed.
Answer one_answer(Engine& engine, const Profile& profile, Prompt prompt, EventWaiter& waiter,
                  const ReplyWatcher& watcher = {});

}  // namespace glim::app
