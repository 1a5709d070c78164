#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/eval/verdict.h"
#include "engine/engine.h"
#include "engine/measure/token_drift.h"

/// Everything that is known about a comparison, as plain values: what the runner fills in and what the
/// screen, the plain text and the report read. Text of models, prompts and files is as it came and must be
/// sanitised before it is shown. Sizes are bytes, times seconds, divergences nats, probabilities 0 to 1.

namespace glim::app {

enum class CompareMode : std::uint8_t { automatic, interleave, sequential };
const char* compare_mode_name(CompareMode mode);  ///< "auto", "interleave", "sequential"

struct CompareSettings {
  CompareMode asked = CompareMode::automatic;
  CompareMode mode = CompareMode::interleave;  ///< what is done; never automatic
  std::string mode_reason;                     ///< "all 4 panes fit: 42.4 of 94.1 GiB"
  bool greedy = true;                          ///< the temperature is 0, so the seed changes nothing
  std::uint64_t seed = 0;
  double temperature = 0;
  std::int32_t max_tokens = -1;  ///< of an answer; -1 is what the context holds
  std::string think;             ///< "auto", "on", "off"
  bool drift = true;             ///< panes score the reference's answers
  std::int32_t reference = 0;    ///< index of a pane
};

enum class PaneState : std::uint8_t {
  waiting,    ///< its turn to load has not come, or it was swapped out
  preparing,  ///< a quant is being made
  loading,
  ready,  ///< loaded, nothing to do
  prefilling,
  generating,
  scoring,  ///< reads the reference's answer
  failed    ///< see error; the other panes go on
};
const char* pane_state_name(PaneState state);

struct CompareError {
  ErrorCode code;
  std::string message, help;
};

/// How far loading or preparing has come.
struct PaneProgress {
  std::string what;  ///< "weights", "quantising to Q4_K_M"
  std::uint64_t done = 0, total = 0;
};

/// One quant or profile. Fields that come from the file stay empty until it could be read.
struct ComparePane {
  std::string label;                                          ///< short and unique among the panes: "q4_k_m"
  std::string asked;                                          ///< the word of the command line
  std::string profile;                                        ///< name, if it is one
  std::vector<std::pair<std::string, std::string>> settings;  ///< keys of profiles; values as JSON
  EngineOptions options;  ///< path, context and KV type; complete once `planned`
  bool planned = false;
  Plan plan;
  std::string format;  ///< "Q4_K_M": the file's type, else the type that holds most bytes
  std::uint64_t file_bytes = 0;
  double bits_per_weight = 0;
  std::string architecture, backend;
  std::string template_origin;
  std::uint64_t tokenizer_hash = 0, template_hash = 0;  ///< 0: unknown
  std::string file_hash;                                ///< fingerprint() of the file; empty: unknown
  std::optional<SmokeSummary> smoke;                    ///< stored results of the short tests of this file
  std::optional<std::int32_t> shares_weights_with;      ///< an earlier pane with the same file

  PaneState state = PaneState::waiting;
  bool resident = false;
  PaneProgress progress;
  std::optional<CompareError> error;
  double load_seconds = 0;  ///< of the last load; 0 unknown
  std::int32_t loads = 0;
  Stats stats;  ///< the engine's numbers while it is resident, else the last ones
};

struct AnswerToken {
  TokenId id = 0;
  std::string text;      ///< bytes, not always whole characters
  bool special = false;  ///< a tag
  bool thinking = false;
  float logprob = 0;  ///< of this token when it was chosen
};

struct DriftSummary {
  std::int32_t tokens = 0;
  double mean_kld = 0, largest_kld = 0;
  bool bound = false;             ///< any row is one; written with a leading ≥
  std::int32_t worst_token = -1;  ///< index into the reference's answer
  double top1 = 0;                ///< share of tokens with the same top
  std::int32_t largest_rank = 0;  ///< 1 is the likeliest
  double mean_delta_logprob = 0;  ///< exp(-this) - 1 is the change of perplexity
};

struct PaneDrift {
  /// One per token of the reference's answer, KL(reference || pane); fewer while scoring goes on or when it
  /// was stopped.
  std::vector<TokenDrift> rows;
  DriftSummary summary;  ///< of `rows`
  bool complete = false;
};

struct TokenChance {
  TokenId id = 0;
  std::string text;
  double probability = 0;
};

/// The first token where an answer leaves the reference's. Both have the same tokens before it.
struct FirstSplit {
  std::int32_t index = 0;                      ///< into both answers
  std::optional<TokenChance> reference, pane;  ///< what each one wrote; nothing where it had ended
  /// Likeliest first, at least two when known; empty without drift.
  std::vector<TokenChance> reference_top, pane_top;
};

/// What a pane writes when it is made to say the reference's token at the split.
struct Graft {
  std::int32_t index = 0;           ///< of the token that was forced
  std::vector<AnswerToken> tokens;  ///< the whole answer: the common beginning, the forced token, the rest
  std::string text, thinking;
  std::optional<FinishReason> finish;
  GenerationStats stats;
  bool rejoined = false;         ///< it equals the reference's answer to the end
  std::int32_t next_split = -1;  ///< where it leaves the reference again; -1: nowhere
  std::optional<CompareError> error;
};

enum class AnswerState : std::uint8_t { waiting, running, done, stopped, failed };
const char* answer_state_name(AnswerState state);

/// What one pane made of one prompt.
struct CompareAnswer {
  AnswerState state = AnswerState::waiting;
  std::int32_t prompt_tokens = 0, prompt_done = 0;
  std::vector<AnswerToken> tokens;
  std::string text, thinking;  ///< of `tokens`, without tags
  bool thinking_now = false;
  std::optional<FinishReason> finish;
  GenerationStats stats;         ///< rates to show: prefill_device_rate(), decode_device_rate()
  std::optional<double> joules;  ///< prompt and answer
  std::optional<CompareError> error;
  std::optional<PaneDrift> drift;   ///< never of the reference itself
  std::optional<FirstSplit> split;  ///< nothing: same as the reference's, or not known yet
  bool same_as_reference = false;   ///< to the end
  std::optional<Graft> graft;
  std::optional<bool> expected;  ///< whether `expect` of the prompt holds; nothing without one
  std::string expected_why;      ///< what is wrong
};

struct Expectation {
  enum class Kind : std::uint8_t { none, regex, exact, number, json_keys } kind = Kind::none;
  std::string text = {};  ///< pattern or text
  double number = 0, tolerance = 0;
  std::vector<std::string> keys = {};
};

struct ComparePrompt {
  std::string id;  ///< "1", "2", ... when the file names none
  std::string text, system;
  std::vector<std::string> tags;
  Expectation expect;
  std::vector<CompareAnswer> answers;  ///< one per pane
  std::string token_mismatch;  ///< says which panes read other token ids than the reference; else empty
};

enum class VoteChoice : std::uint8_t { left, right, tie, both_bad };

struct Vote {
  std::int32_t prompt = 0, left = 0, right = 0;  ///< panes as they were shown
  VoteChoice choice = VoteChoice::tie;
  std::string note;
  bool named_itself = false;  ///< an answer said which model it comes from
};

struct PaneRating {
  std::int32_t wins = 0, losses = 0, ties = 0;
  double rating = 1000, low = 1000, high = 1000;  ///< Bradley-Terry on the Elo scale, 95 % interval
};

struct VoteResults {
  std::vector<Vote> votes;
  std::vector<PaneRating> ratings;  ///< one per pane
  bool too_few = true;              ///< a pair of panes has less than 10 votes
  std::int32_t fewest = 0;          ///< votes of the pair that has the fewest
};

enum class ComparePhase : std::uint8_t {
  planning,  ///< files are read, quants made, the mode chosen
  running,
  idle,    ///< every prompt that was asked has its answers
  stopped  ///< ended before everything was done; what is there is partial
};

struct Comparison {
  CompareSettings settings;
  std::vector<ComparePane> panes;
  std::string set_name;  ///< of the prompt file; empty for prompts that were typed
  std::vector<ComparePrompt> prompts;
  std::int32_t position = -1;  ///< the prompt at work or last shown
  VoteResults votes;
  std::vector<std::string> notes;  ///< what differs: tokenizers, templates, smaller contexts
  ComparePhase phase = ComparePhase::planning;
  std::uint64_t needed_bytes = 0;  ///< of all panes together, a shared file counted once
  std::uint64_t resident_bytes = 0, available_bytes = 0;  ///< of the process, of the machine
  std::int64_t started_at = 0;                            ///< seconds since 1970
};

}  // namespace glim::app
