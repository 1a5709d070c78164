#include "app/chat_session.h"

#include <algorithm>
#include <utility>

#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

void ChatSession::attach(Engine& engine, Profile profile) {
  GLIM_ASSERT(!running_);
  engine_ = &engine;
  sequence_ = engine.open_sequence();
  profile_ = std::move(profile);
}

Turn& ChatSession::add(TurnKind kind, std::string text) {
  Turn turn;
  turn.id = next_id_++;
  turn.kind = kind;
  turn.text = std::move(text);
  turn.time = std::chrono::system_clock::now();
  turns_.push_back(std::move(turn));
  return turns_.back();
}

Prompt ChatSession::render() const {
  ChatRequest request = request_settings(profile_);
  if (!system_.empty()) request.messages.push_back(message("system", system_));
  for (const Turn& turn : turns_) {
    if (turn.kind == TurnKind::user) request.messages.push_back(message("user", turn.text));
    if (turn.kind != TurnKind::assistant) continue;
    ChatMessage answer = message("assistant", turn.text);
    if (!turn.thinking.empty()) answer.thinking = turn.thinking;
    request.messages.push_back(std::move(answer));
  }
  return engine_->render(request);
}

void ChatSession::say(std::string text) {
  GLIM_ASSERT(ready());
  add(TurnKind::user, std::move(text));
  try {
    start();
  } catch (const Error&) {
    turns_.pop_back();
    throw;
  }
}

void ChatSession::start() {
  Prompt prompt = render();
  const std::int32_t ctx = engine_->stats().ctx;
  const auto length = static_cast<std::int64_t>(prompt.tokens.size());
  if (ctx > 0 && length >= ctx)
    throw Error(ErrorCode::E401,
                strf("the conversation has %lld tokens with this message, the context holds %d",
                     static_cast<long long>(length), ctx),
                "take something back with /undo, start over with /clear, or give it more room with /ctx");
  if (!prompt.notice.empty()) notice(prompt.notice);
  Turn& answer = add(TurnKind::assistant, {});
  answer.label = profile_.label();
  answer.running = true;
  parser_.emplace(prompt.start, prompt.reply);
  answer.prompt = Prefilling{sequence_, 0, static_cast<std::int32_t>(length), 0};
  running_ = true;
  stopping_ = false;
  engine_->generate(sequence_, request_for(profile_, std::move(prompt)));
}

bool ChatSession::retry() {
  if (!ready()) return false;
  const auto question = std::find_if(turns_.rbegin(), turns_.rend(),
                                     [](const Turn& turn) { return turn.kind == TurnKind::user; });
  if (question == turns_.rend()) return false;
  std::vector<Turn> dropped(std::make_move_iterator(question.base()), std::make_move_iterator(turns_.end()));
  turns_.erase(question.base(), turns_.end());
  try {
    start();
  } catch (const Error&) {
    turns_.insert(turns_.end(), std::make_move_iterator(dropped.begin()),
                  std::make_move_iterator(dropped.end()));
    throw;
  }
  return true;
}

bool ChatSession::undo() {
  if (running_) return false;
  const auto question = std::find_if(turns_.rbegin(), turns_.rend(),
                                     [](const Turn& turn) { return turn.kind == TurnKind::user; });
  if (question == turns_.rend()) return false;
  turns_.erase(std::prev(question.base()), turns_.end());
  return true;
}

void ChatSession::clear() {
  stop();
  // The answer that is being written has no turn from here on; its last events are only counted off.
  turns_.clear();
}

bool ChatSession::stop() {
  if (!running_) return false;
  stopping_ = true;
  engine_->cancel(sequence_);
  return true;
}

bool ChatSession::on(const Event& event) {
  if (const auto* prefilling = std::get_if<Prefilling>(&event)) {
    if (!concerns(prefilling->sequence)) return false;
    if (Turn* turn = running_turn()) turn->prompt = *prefilling;
    return true;
  }
  if (const auto* piece = std::get_if<Piece>(&event)) {
    if (!concerns(piece->sequence)) return false;
    if (!running_) return true;
    if (Turn* turn = running_turn()) {
      turn->prompt.reset();
      ++turn->stats.generated_tokens;
      if (parser_->state() == ReplyState::thinking) ++turn->thinking_tokens;
    }
    take(parser_->push(piece->text, piece->special));
    return true;
  }
  if (const auto* finished = std::get_if<Finished>(&event)) {
    if (!concerns(finished->sequence)) return false;
    if (running_) finish(*finished);
    return true;
  }
  if (const auto* failed = std::get_if<Failed>(&event)) {
    if (!failed->sequence || !concerns(*failed->sequence)) return false;
    if (running_) end_running();
    error(strf("GLIM-%s: ", error_name(failed->code)) + failed->message +
          (failed->help.empty() ? "" : "\nhelp: " + failed->help));
    return true;
  }
  return false;
}

const Turn* ChatSession::running_turn() const {
  for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn)
    if (turn->running) return &*turn;
  return nullptr;
}

Turn* ChatSession::running_turn() {
  return const_cast<Turn*>(std::as_const(*this).running_turn());
}

std::optional<Prefilling> ChatSession::prefilling() const {
  const Turn* turn = running_turn();
  return turn != nullptr ? turn->prompt : std::nullopt;
}

void ChatSession::take(const std::vector<ReplyDelta>& deltas) {
  Turn* turn = running_turn();
  if (turn == nullptr) return;
  for (const ReplyDelta& delta : deltas) (delta.thinking ? turn->thinking : turn->text) += delta.text;
  if (turn->thinking_now) {
    const auto now = SteadyClock::now();
    turn->thinking_seconds += std::chrono::duration<double>(now - thinking_since_).count();
    thinking_since_ = now;
  }
  const bool thinking = parser_->state() == ReplyState::thinking;
  if (!turn->thinking_now && thinking) thinking_since_ = SteadyClock::now();
  turn->thinking_now = thinking;
}

void ChatSession::finish(const Finished& finished) {
  take(parser_->push(finished.text, false));
  take(parser_->finish());
  if (Turn* turn = running_turn()) {
    turn->finish = finished.reason;
    turn->stats = finished.stats;
  }
  end_running();
}

void ChatSession::end_running() {
  if (Turn* turn = running_turn()) {
    turn->thinking_now = false;
    turn->running = false;
    turn->prompt.reset();
  }
  running_ = stopping_ = false;
  parser_.reset();
}

std::string_view ending_text(const Turn& turn) {
  if (turn.kind != TurnKind::assistant || turn.running) return {};
  if (!turn.finish) return "failed";
  switch (*turn.finish) {
    case FinishReason::cancelled:
      return "stopped";
    case FinishReason::context_full:
      return "context full";
    case FinishReason::max_tokens:
      return "token limit";
    case FinishReason::end_of_turn:
    case FinishReason::stop_string:
    case FinishReason::tool_call:
      break;
  }
  return {};
}

std::string timing_text(const Turn& turn) {
  const GenerationStats& stats = turn.stats;
  if (turn.running && turn.prompt && turn.prompt->done > 0 && turn.prompt->done < turn.prompt->total)
    return "reading the prompt: " + ui::tokens_short(turn.prompt->done) + " of " +
           ui::tokens_short(turn.prompt->total) + " tok, " +
           ui::percent(static_cast<double>(turn.prompt->done) / turn.prompt->total);
  const bool ended = turn.kind == TurnKind::assistant && !turn.running && turn.finish;
  if (!ended || stats.prompt_tokens == 0 || stats.generated_tokens == 0) return {};
  std::string out = ui::tokens_short(stats.generated_tokens) + " tok";
  if (stats.decode_rate() > 0) out += " · " + ui::rate(stats.decode_rate()) + " t/s";
  if (stats.prefill_rate() > 0)
    out += " · pp " + ui::rate(stats.prefill_rate()) + " t/s (" +
           ui::tokens_short(stats.prompt_tokens - stats.reused_tokens) + " new, " +
           ui::tokens_short(stats.reused_tokens) + " reused)";
  return out + " · ttft " + ui::duration(stats.first_token_seconds);
}

}  // namespace glim::app
