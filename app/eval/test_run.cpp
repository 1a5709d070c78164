#include "app/eval/test_run.h"

#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

/// Always the likeliest token: the same answers on every run.
SamplerOptions greedy() {
  SamplerOptions sampling;
  sampling.temp = 0;
  sampling.seed = kSuiteSeed;
  return sampling;
}

}  // namespace

void TestRun::expect(bool good, std::string otherwise) {
  if (!good) result_.failures.push_back(std::move(otherwise));
}

Dialogue::Dialogue(TestRun& run)
    : run_(run), sequence_(run.engine().open_sequence()), request_(request_settings(run.job_.profile)) {}

Dialogue::~Dialogue() {
  run_.engine().close_sequence(sequence_);
}

void Dialogue::say(ChatMessage message) {
  request_.messages.push_back(std::move(message));
}

void Dialogue::take_back() {
  GLIM_ASSERT(!request_.messages.empty() && request_.messages.back().role == "assistant");
  request_.messages.pop_back();
  sent_ = request_.messages.size();
}

std::int32_t Dialogue::prompt_length() const {
  return static_cast<std::int32_t>(run_.engine().render(request_).tokens.size());
}

double Dialogue::mean_logprob() const {
  return tokens_.empty() ? 0 : logprobs_ / static_cast<double>(tokens_.size());
}

ReplyWatcher Dialogue::watcher() {
  ReplyWatcher watcher;
  watcher.on_prefill = [this](const Prefilling& prefilling) {
    const auto since = std::chrono::steady_clock::now() - asked_;
    progress_.push_back({prefilling.done, std::chrono::duration<double>(since).count()});
    run_.changed_();
  };
  watcher.on_piece = [this](const Piece& piece) {
    tokens_.push_back(piece.id);
    logprobs_ += static_cast<double>(piece.logprob);
    ++run_.result_.running_tokens;
    run_.changed_();
  };
  return watcher;
}

Answer Dialogue::reply(const ReplyLimits& limits) {
  Engine& engine = run_.engine();
  Prompt prompt = engine.render(request_);
  // A template that had to be replaced is not what the model was asked with.
  if (!prompt.notice.empty()) throw Error(ErrorCode::E402, prompt.notice);
  Request request{.tokens = std::move(prompt.tokens),
                  .sampling = greedy(),
                  .max_tokens = limits.max_tokens,
                  .stop = {},
                  .ignore_eos = limits.ignore_eos,
                  .think_budget = limits.think_budget,
                  .start = prompt.start};
  Exchange& exchange = run_.result_.exchanges.emplace_back();
  exchange.sent.assign(request_.messages.begin() + static_cast<std::ptrdiff_t>(sent_),
                       request_.messages.end());
  exchange.continues = std::exchange(begun_, true);
  exchange.thinking = request_.thinking;
  tokens_.clear();
  progress_.clear();
  logprobs_ = 0;
  asked_ = std::chrono::steady_clock::now();
  Answer& answer = exchange.reply;
  answer =
      reply_to(engine, {sequence_, std::move(request), std::move(prompt.reply)}, run_.job_.waiter, watcher());
  run_.result_.running_tokens = 0;
  run_.result_.speed.add(answer.stats);
  if (answer.interrupted != 0) throw SuiteInterrupted{answer.interrupted};
  ChatMessage said = message("assistant", answer.text);
  if (!answer.thinking.empty()) said.thinking = answer.thinking;
  // The parser numbers the calls of one reply; here they must differ in the whole conversation.
  for (ToolCall& call : answer.tool_calls) call.id = strf("call_%d", ++calls_);
  said.tool_calls = answer.tool_calls;
  request_.messages.push_back(std::move(said));
  sent_ = request_.messages.size();
  return answer;
}

std::string_view finish_word(const Answer& reply) {
  const FinishReason reason = reply.finish.value_or(FinishReason::cancelled);
  if (reason == FinishReason::max_tokens || reason == FinishReason::context_full) return "length";
  if (reason == FinishReason::cancelled) return "cancelled";
  return reply.tool_calls.empty() ? "stop" : "tool_calls";
}

}  // namespace glim::app
