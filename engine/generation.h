#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>

#include "engine/engine.h"
#include "engine/loaded_model.h"
#include "engine/sample/sampler.h"
#include "engine/text/stop_strings.h"

namespace glim {

using Clock = std::chrono::steady_clock;
using Emit = std::function<void(Event)>;

/// One reply in the making: from a step's logits to the next token, and from tokens to events.
/// Owned by the worker; one thread.
class Generation {
 public:
  Generation(SequenceId sequence, Request request, const LoadedModel& loaded, Emit emit);

  const Request& request() const { return request_; }
  const GenerationStats& stats() const { return stats_; }

  void worked(double seconds);  ///< the device has worked so long for the row or rows that come next
  void prefilled(std::int32_t done, std::int32_t reused);  ///< prompt tokens that the cache holds by now

  /// Chooses the next token. Empty when the reply has ended, in which case Finished has been sent.
  /// `history` is the prompt and the reply so far. Throws E403.
  std::optional<TokenId> next(std::span<const float> logits, std::span<const TokenId> history);

  void finish(FinishReason reason);  ///< sends what is held back and Finished

 private:
  TokenId choose(std::span<const float> logits, std::span<const TokenId> history);
  bool emit_piece(TokenId id);  ///< true when a stop string is complete

  SequenceId sequence_;
  Request request_;
  const LoadedModel& loaded_;
  Emit emit_;
  Sampler sampler_;
  StopStrings stops_;
  GenerationStats stats_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point prefilled_at_, last_token_at_;
  std::optional<TokenId> end_of_thinking_;
  std::int32_t thinking_tokens_ = 0;
  bool thinking_ = false;
  float logprob_ = 0;
};

}  // namespace glim
