#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/report/figure.h"

/// A report as plain values: what was measured fills it in, writers read it. Text of models, prompts and
/// files is as it came; writers make it safe for what they write. Sizes are bytes, times seconds,
/// divergences nats.

namespace glim::app::report {

enum class Block : std::uint8_t { identity, size, load, memory, speed, quality };
enum class Better : std::uint8_t { none, lower, higher };

enum class Metric : std::uint8_t {
#define METRIC(id, block, unit, better, heading) id,
#include "app/report/metrics.def"
#undef METRIC
};

struct MetricInfo {
  Metric metric;
  std::string_view name;  ///< in JSON and CSV
  Block block;
  Unit unit;
  Better better;
  std::string_view heading;
};

inline constexpr std::array kMetrics = {
#define METRIC(id, block, unit, better, heading) \
  MetricInfo{Metric::id, #id, Block::block, Unit::unit, Better::better, heading},
#include "app/report/metrics.def"
#undef METRIC
};

inline const MetricInfo& metric_info(Metric metric) {
  return kMetrics[static_cast<std::size_t>(metric)];
}

/// What can differ between two rows. A difference between figures has a cause that can be named only when
/// exactly one of these differs.
struct Factors {
  std::string model, quant, kv_type, context, device, threads, source;
};

struct FactorInfo {
  std::string_view name;
  std::string Factors::*member;
};

inline constexpr std::array kFactors = {
    FactorInfo{"model", &Factors::model},     FactorInfo{"quant", &Factors::quant},
    FactorInfo{"KV type", &Factors::kv_type}, FactorInfo{"context", &Factors::context},
    FactorInfo{"device", &Factors::device},   FactorInfo{"threads", &Factors::threads},
    FactorInfo{"source", &Factors::source}};

/// Weights of one format together.
struct FormatShare {
  std::string format;
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;
};

/// Block A: which file this is.
struct Identity {
  std::string name;  ///< short and unique in the report
  std::string file, hash, architecture, quantized_by, importance;
  std::size_t tensors = 0;
  std::vector<FormatShare> mix;  ///< most bytes first
};

/// Block D: what a context takes.
struct MemoryAt {
  std::int64_t context = 0;
  Figure weights, kv, scratch, total;
};

/// Speed with so many tokens in the cache (seed 001's context scaling, bench -d).
struct SpeedAt {
  std::int64_t depth = 0;
  Figure prompt, generation;
};

/// Block F: several sequences at once (seed 002's throughput table).
struct ParallelAt {
  std::int64_t streams = 0;
  Figure total, per_stream, of_roof, first_token_median, first_token_p95;
};

/// Blocks H and I: a task with a share of right answers, or a scenario with a verdict.
struct Check {
  std::string suite, name;  ///< "mmlu", "stem"; "hermes", "chained"
  std::string result;       ///< "PASS", "FAIL", "SKIP: needs --allow-exec"; empty for tasks
  Figure score;             ///< share of right answers
  std::int64_t items = 0;
  Figure rate;             ///< t/s of the scenario, or seconds per question
  std::string comparison;  ///< paired test against the reference: "18 better, 11 worse, p = 0.27"
};

/// Drift on the answers to prompts of one kind.
struct CategoryDrift {
  std::string category;  ///< a tag of the prompts
  std::size_t prompts = 0, tokens = 0;
  Figure kld, top1;
};

struct VoteCount {
  std::int64_t wins = 0, losses = 0, ties = 0;
  Figure rating;  ///< Bradley-Terry with its interval as range
};

/// One quant, profile or setting.
struct Row {
  Identity identity;
  Factors factors;
  std::array<Figure, kMetrics.size()> figures;  ///< by Metric
  std::vector<MemoryAt> memory;                 ///< one per context of the report
  std::vector<SpeedAt> depths;
  std::vector<ParallelAt> parallel;
  std::vector<Check> checks;
  std::vector<CategoryDrift> categories;  ///< in the order in which prompts name them
  std::optional<VoteCount> votes;
  std::int64_t first_split = -1;  ///< earliest token at which an answer left the reference's; -1: none
  bool splits_known = false;
  std::string failure;  ///< why the row is not complete; empty when it is
  std::vector<std::string> notes;

  Figure& operator[](Metric metric) { return figures[static_cast<std::size_t>(metric)]; }
  const Figure& operator[](Metric metric) const { return figures[static_cast<std::size_t>(metric)]; }
};

struct TokenHeat {
  std::string text;
  double kld = 0;
  bool at_least = false, same_top = true;
  std::int32_t rank = 0;  ///< of the reference's token; 1 is the likeliest
  double delta_logprob = 0;
};

struct Alternative {
  std::string text;
  std::optional<double> probability;
};

struct Split {
  std::int64_t token = 0;                   ///< index into the answer
  std::vector<Alternative> reference, own;  ///< what was written first, then what was likely besides
};

/// What one row made of one prompt.
struct Answer {
  std::string text, thinking, stop;  ///< stop: "eos", "length", "cancelled", "not run"
  std::int64_t prompt_tokens = 0;
  std::vector<std::int64_t> token_ids;
  std::vector<std::string> pieces;  ///< one per id
  Figure prompt_rate, generation_rate, first_token, joules;
  Figure kld, top1;             ///< on the reference's answer
  std::vector<TokenHeat> heat;  ///< of the reference's answer as this row sees it
  std::optional<Split> split;   ///< from the reference's answer
  bool same_as_reference = false;
  std::optional<bool> expected;  ///< whether the prompt's expectation holds
  std::string expected_why, failure;
};

struct PromptPart {
  std::string id, text, system;
  std::vector<Answer> answers;  ///< one per row
};

/// A place in the reference's text where some row is far off.
struct Difference {
  std::string prompt;  ///< its id, or a chunk of the text
  std::int64_t token = 0;
  std::string before, after;           ///< text around it
  std::string reference;               ///< the token itself
  std::vector<Figure> kld;             ///< one per row
  std::vector<Alternative> likeliest;  ///< one per row; text is empty where it is not known
};

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> provenance;  ///< block L, in order
  std::vector<Row> rows;
  std::optional<std::size_t> reference;      ///< index of a row
  std::vector<std::int64_t> contexts;        ///< of Row::memory
  std::uint64_t available_bytes = 0;         ///< of the device; 0 unknown
  std::string prompt_test, generation_test;  ///< "pp512", "tg128"
  std::string set_name, seed;                ///< of prompts
  std::vector<PromptPart> prompts;
  std::string replay;                   ///< JSON that "compare --replay" reads; empty without a comparison
  std::vector<Difference> differences;  ///< worst first
  std::vector<std::string> baselines;   ///< names of rows; empty: chosen
  std::vector<std::string> notes;
  std::string partial;  ///< why not everything was done; empty when it was
};

/// Rows that could not be measured whole, or the report that was stopped: the lines for its top.
std::vector<std::string> partial_lines(const Report& report);

/// Place of the largest context at which memory is known of some row; nothing without any.
std::optional<std::size_t> largest_context(const Report& report);

}  // namespace glim::app::report
