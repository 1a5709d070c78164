#include "app/one_shot.h"

#include <poll.h>

#include <algorithm>

#include "app/requests.h"
#include "engine/base/error.h"

namespace glim::app {
namespace {

template <typename T>
const T* of(const std::variant<Event, EventWaiter::Interrupted>& next) {
  const Event* event = std::get_if<Event>(&next);
  return event == nullptr ? nullptr : std::get_if<T>(event);
}

Error error_of(const Failed& failed) {
  return Error(failed.code, failed.message, failed.help);
}

void append(Answer& reply, const std::vector<ReplyDelta>& deltas, const ReplyWatcher& watcher) {
  for (const ReplyDelta& delta : deltas) {
    if (delta.call) reply.tool_calls.push_back(*delta.call);
    (delta.thinking ? reply.thinking : reply.text) += delta.text;
    if (watcher.on_delta) watcher.on_delta(delta);
  }
}

}  // namespace

std::variant<Event, EventWaiter::Interrupted> EventWaiter::next(Engine& engine) {
  using std::chrono::milliseconds;
  for (;;) {
    if (auto event = engine.poll()) return std::move(*event);
    int timeout = -1;
    if (deadline_) {
      const auto left =
          std::chrono::ceil<milliseconds>(*deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) {
        deadline_.reset();
        return Interrupted{124};
      }
      timeout = static_cast<int>(std::min<long long>(left, 1'000'000));
    }
    pollfd fds[] = {{engine.wake_fd(), POLLIN, 0}, {signals_ == nullptr ? -1 : signals_->fd(), POLLIN, 0}};
    ::poll(fds, 2, timeout);
    if (signals_ == nullptr) continue;
    if (const auto number = signals_->take()) return Interrupted{128 + *number};
  }
}

std::unique_ptr<Engine> open_and_wait(EngineSource& source, const EngineOptions& options, EventWaiter& waiter,
                                      const std::function<void(const Loading&)>& on_loading) {
  std::unique_ptr<Engine> engine = source.open(options);
  for (;;) {
    const auto next = waiter.next(*engine);
    if (const auto* interrupted = std::get_if<EventWaiter::Interrupted>(&next))
      throw LoadInterrupted{interrupted->status};
    if (const auto* failed = of<Failed>(next)) throw error_of(*failed);
    if (of<Ready>(next) != nullptr) {
      source.loaded(options.model, *engine);
      return engine;
    }
    if (const auto* loading = of<Loading>(next); loading != nullptr && on_loading) on_loading(*loading);
  }
}

Answer reply_to(Engine& engine, ReplyJob job, EventWaiter& waiter, const ReplyWatcher& watcher) {
  Answer reply;
  ReplyParser parser(job.request.start, std::move(job.reply));
  const SequenceId sequence = job.sequence;
  engine.generate(sequence, std::move(job.request));
  while (!reply.finish) {
    const auto next = waiter.next(engine);
    if (const auto* interrupted = std::get_if<EventWaiter::Interrupted>(&next)) {
      // The first reason counts; a second signal must not be lost either: it ends the wait.
      if (reply.interrupted != 0) break;
      reply.interrupted = interrupted->status;
      engine.cancel(sequence);
    } else if (const auto* failed = of<Failed>(next)) {
      throw error_of(*failed);
    } else if (const auto* prefilling = of<Prefilling>(next)) {
      if (watcher.on_prefill) watcher.on_prefill(*prefilling);
    } else if (const auto* piece = of<Piece>(next)) {
      if (watcher.on_piece) watcher.on_piece(*piece);
      append(reply, parser.push(piece->text, piece->special), watcher);
    } else if (const auto* finished = of<Finished>(next)) {
      append(reply, parser.push(finished->text, false), watcher);
      append(reply, parser.finish(), watcher);
      reply.finish = finished->reason;
      reply.stats = finished->stats;
    }
  }
  return reply;
}

Answer one_answer(Engine& engine, const Profile& profile, Prompt prompt, EventWaiter& waiter,
                  const ReplyWatcher& watcher) {
  ReplyOptions reading = prompt.reply;
  const SequenceId sequence = engine.open_sequence();
  Answer reply = reply_to(engine, {sequence, request_for(profile, std::move(prompt)), std::move(reading)},
                          waiter, watcher);
  engine.close_sequence(sequence);
  return reply;
}

}  // namespace glim::app
