#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/token.h"

/// What an engine says while it works: plain values, in the order in which things happened.

namespace glim {

using SequenceId = std::int32_t;

enum class FinishReason : std::uint8_t {
  end_of_turn,
  tool_call,
  stop_string,
  max_tokens,
  context_full,
  cancelled
};
const char* finish_name(FinishReason reason);

struct GenerationStats {
  std::int32_t prompt_tokens = 0, reused_tokens = 0, generated_tokens = 0;
  double prefill_seconds = 0, decode_seconds = 0, first_token_seconds = 0;
  /// Of these, the time in which the device worked for this reply alone; the decode steps are those behind
  /// the first token.
  double prefill_device_seconds = 0, decode_device_seconds = 0;
  std::int32_t decode_steps = 0;
  std::uint64_t seed = 0;              ///< the one that was used
  double prefill_rate() const;         ///< new prompt tokens per second, 0 when unknown
  double decode_rate() const;          ///< tokens per second behind the first, 0 when unknown
  double prefill_device_rate() const;  ///< the same over the device's time
  double decode_device_rate() const;
};

struct TokenScore {
  TokenId token;
  float logprob;      ///< natural logarithm, given all tokens before it
  std::int32_t rank;  ///< 1 is the likeliest
};

enum class LoadStage : std::uint8_t { header, tokenizer, weights, cache, warm_up };
const char* load_stage_name(LoadStage stage);

struct Loading {
  LoadStage stage;
  std::uint64_t done, total;
};
struct Ready {};
struct Rebuilt {};  ///< reconfigure() succeeded
struct Prefilling {
  SequenceId sequence;
  std::int32_t done, total, reused;
};
struct Piece {
  SequenceId sequence;
  TokenId id;
  std::string
      text;      ///< bytes, not always whole characters; a later piece brings what a stop string may claim
  bool special;  ///< a tag that the model itself emitted, not the same characters in ordinary tokens
  float logprob;
};
struct Finished {
  SequenceId sequence;
  FinishReason reason;
  std::string text;  ///< the rest
  GenerationStats stats;
};
struct Scored {
  SequenceId sequence;
  std::vector<TokenScore> scores;  ///< of the tokens behind position `first` of the request
  std::vector<float> logits;       ///< [tokens from `first` on][vocabulary] when asked for
};
struct Failed {
  std::optional<SequenceId> sequence;  ///< empty: loading or reconfiguring
  ErrorCode code;
  std::string message, help;
};
using Event = std::variant<Loading, Ready, Rebuilt, Prefilling, Piece, Finished, Scored, Failed>;

}  // namespace glim
