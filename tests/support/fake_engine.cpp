#include "tests/support/fake_engine.h"

#include <algorithm>
#include <functional>
#include <sstream>

namespace glim {
namespace {

std::int32_t words_in(const std::string& text) {
  std::istringstream stream(text);
  std::int32_t count = 0;
  for (std::string word; stream >> word;) ++count;
  return count;
}

}  // namespace

FakeEngine::FakeEngine(EngineOptions wanted) : options(std::move(wanted)) {
  model.name = "Fake";
  model.architecture = "fake";
  model.format = "Q8_0";
  model.template_origin = "built-in fake";
  model.vocabulary = 4;
  model.thinks = true;
  numbers.state = Stats::State::idle;
  numbers.ctx = options.ctx > 0 ? options.ctx : 1024;
  numbers.kv_bytes = 1 << 20;
  numbers.weight_bytes = 10 << 20;
  numbers.resident_bytes = 20 << 20;
  numbers.available_bytes = 80 << 20;
  numbers.kv_type = options.kv_type;
  numbers.backend = "fake";
}

Prompt FakeEngine::render(const ChatRequest& request) const {
  rendered.push_back(request);
  if (rendered_too != nullptr) rendered_too->push_back(request);
  if (render_error) throw Error(ErrorCode::E402, *render_error);
  Prompt prompt;
  prompt.start = start;
  prompt.reply.offer_tools = !request.tools.empty();
  prompt.reply.tools = request.tools;
  for (const ChatMessage& message : request.messages) {
    prompt.text.push_back({message.role + ": " + message.content + "\n", true});
    prompt.tokens.resize(prompt.tokens.size() + static_cast<std::size_t>(1 + words_in(message.content)), 7);
  }
  return prompt;
}

std::vector<TokenId> FakeEngine::tokenize(std::string_view text, bool specials) const {
  std::vector<TokenId> tokens;
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  if (specials) tokens.push_back(-1);
  return tokens;
}

void FakeEngine::generate(SequenceId sequence, Request request) {
  running_ = sequence;
  generated_ = 0;
  const auto length = static_cast<std::int32_t>(request.tokens.size());
  requests.push_back(request);
  if (silent) return;
  if (fail_generate) return post(*fail_generate);
  if (predict) return write_predicted(sequence, request);
  if (replies.empty()) return;
  const Reply reply = std::move(replies.front());
  replies.pop_front();
  post(Prefilling{sequence, length, length, 0});
  post_pieces(reply.pieces);
  post_finish(reply.finish);
}

void FakeEngine::cancel(SequenceId sequence) {
  cancelled.push_back(sequence);
  if (answer_cancel) post_finish(FinishReason::cancelled);
}

void FakeEngine::post_pieces(const std::vector<std::string>& pieces) {
  for (const std::string& text : pieces) {
    ++generated_;
    const auto hash = static_cast<TokenId>(std::hash<std::string>()(text) & 0xffffff);
    post(Piece{running_, same_ids ? hash : generated_, text, is_reply_tag(text), logprob});
  }
}

void FakeEngine::post_finish(FinishReason reason) {
  GenerationStats stats;
  stats.prompt_tokens = requests.empty() ? 0 : static_cast<std::int32_t>(requests.back().tokens.size());
  stats.generated_tokens = generated_;
  stats.prefill_seconds = 0.5;
  stats.decode_seconds = 2;
  stats.first_token_seconds = 0.25;
  stats.seed = 42;
  post(Finished{running_, reason, "", stats});
}

void FakeEngine::score(SequenceId sequence, ScoreRequest request) {
  score_requests.push_back(request);
  if (silent || silent_scores) return;
  if (fail_score) return post(*fail_score);
  Scored scored;
  scored.sequence = sequence;
  for (auto at = static_cast<std::size_t>(request.first); at < request.tokens.size(); ++at) {
    std::vector<float> logits(4, static_cast<float>(at));
    if (predict) logits = predict(std::span(request.tokens).first(at + 1));
    if (request.keep_logits) scored.logits.insert(scored.logits.end(), logits.begin(), logits.end());
  }
  post(std::move(scored));
}

void FakeEngine::write_predicted(SequenceId sequence, const Request& request) {
  std::vector<TokenId> text = request.tokens;
  post(Prefilling{sequence, static_cast<std::int32_t>(text.size()), static_cast<std::int32_t>(text.size()),
                  0});
  while (request.max_tokens < 0 || generated_ < request.max_tokens) {
    const std::vector<float> logits = predict(text);
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    if (best == 0) return post_finish();
    text.push_back(static_cast<TokenId>(best));
    ++generated_;
    post(Piece{sequence, text.back(), "t" + std::to_string(best) + " ", false, -0.5f});
  }
  post_finish(FinishReason::max_tokens);
}

}  // namespace glim
