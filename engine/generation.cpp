#include "engine/generation.h"

#include <utility>

#include "engine/text/reply_parser.h"
#include "engine/text/tokenizer_breakers.h"

namespace glim {
namespace {

SamplerVocab sampler_vocab(const LoadedModel& loaded, const SamplerOptions& options) {
  const auto rows = static_cast<std::size_t>(loaded.model->config().vocabulary);
  SamplerVocab vocab{rows, loaded.tokenizer->unused(rows), {}};
  if (options.dry_multiplier > 0)
    vocab.breakers = breaker_sequences(*loaded.tokenizer, options.dry_sequence_breakers);
  return vocab;
}

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Generation::Generation(SequenceId sequence, Request request, const LoadedModel& loaded, Emit emit)
    : sequence_(sequence),
      request_(std::move(request)),
      loaded_(loaded),
      emit_(std::move(emit)),
      sampler_(request_.sampling, sampler_vocab(loaded, request_.sampling)),
      stops_(request_.stop),
      end_of_thinking_(loaded.tokenizer->find("</think>")),
      thinking_(request_.start == ReplyState::thinking) {
  stats_.prompt_tokens = static_cast<std::int32_t>(request_.tokens.size());
  stats_.seed = sampler_.seed();
}

void Generation::worked(double seconds) {
  if (stats_.generated_tokens == 0) {
    stats_.prefill_device_seconds += seconds;
  } else {
    stats_.decode_device_seconds += seconds;
    ++stats_.decode_steps;
  }
}

void Generation::prefilled(std::int32_t done, std::int32_t reused) {
  stats_.reused_tokens = reused;
  if (done == stats_.prompt_tokens) {
    prefilled_at_ = Clock::now();
    stats_.prefill_seconds = seconds(prefilled_at_ - started_);
  }
  emit_(Prefilling{sequence_, done, stats_.prompt_tokens, reused});
}

std::optional<TokenId> Generation::next(std::span<const float> logits, std::span<const TokenId> history) {
  if (request_.max_tokens == 0) {
    finish(FinishReason::max_tokens);
    return std::nullopt;
  }
  const TokenId id = choose(logits, history);
  const Clock::time_point now = Clock::now();
  if (stats_.generated_tokens == 0) {
    stats_.first_token_seconds = seconds(now - started_);
    prefilled_at_ = now;
  }
  stats_.decode_seconds = seconds(now - prefilled_at_);
  last_token_at_ = now;
  if (loaded_.tokenizer->is_eog(id) && !request_.ignore_eos) {
    const std::optional<TokenId> observation = loaded_.tokenizer->find("<|observation|>");
    finish(observation == id ? FinishReason::tool_call : FinishReason::end_of_turn);
    return std::nullopt;
  }
  ++stats_.generated_tokens;
  if (emit_piece(id)) {
    finish(FinishReason::stop_string);
    return std::nullopt;
  }
  if (request_.max_tokens >= 0 && stats_.generated_tokens >= request_.max_tokens) {
    finish(FinishReason::max_tokens);
    return std::nullopt;
  }
  return id;
}

TokenId Generation::choose(std::span<const float> logits, std::span<const TokenId> history) {
  if (thinking_ && end_of_thinking_ && request_.think_budget >= 0 &&
      thinking_tokens_ >= request_.think_budget) {
    thinking_ = false;
    logprob_ = 0;
    return *end_of_thinking_;
  }
  const TokenId id = sampler_.pick(logits, history);
  logprob_ = sampler_.logprob();
  if (id == end_of_thinking_) thinking_ = false;
  if (thinking_) ++thinking_tokens_;
  return id;
}

bool Generation::emit_piece(TokenId id) {
  const bool tag =
      loaded_.tokenizer->is_control(id) || loaded_.tokenizer->type(id) == TokenType::user_defined;
  if (tag) {
    // A tag cuts any stop string that had begun, and must not overtake the text before it.
    if (std::string held = stops_.flush(); !held.empty())
      emit_(Piece{sequence_, id, std::move(held), false, logprob_});
    // Some files make the tags of thoughts and calls control tokens, which have no text of their own.
    const std::string_view spelled = loaded_.tokenizer->piece(id, true);
    emit_(Piece{sequence_, id, std::string(is_reply_tag(spelled) ? spelled : loaded_.tokenizer->piece(id)),
                true, logprob_});
    return false;
  }
  StopStrings::Step step = stops_.push(loaded_.tokenizer->piece(id));
  emit_(Piece{sequence_, id, std::move(step.text), false, logprob_});
  return step.stop.has_value();
}

void Generation::finish(FinishReason reason) {
  emit_(Finished{sequence_, reason, reason == FinishReason::stop_string ? std::string() : stops_.flush(),
                 stats_});
}

}  // namespace glim
