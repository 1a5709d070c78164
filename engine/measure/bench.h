#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/measure/energy.h"
#include "engine/measure/expert_counter.h"
#include "engine/model/model.h"

namespace glim {

/// One test in the terms of llama-bench: `depth` tokens are in the cache when the clock starts, then a prompt
/// is read in steps of many rows, then tokens are fed one by one. Token ids are random; nothing is tokenized
/// or sampled.
struct BenchTest {
  std::int32_t prompt = 512, generate = 0, depth = 0;
  std::int32_t tokens() const { return prompt + generate; }  ///< that are timed
  std::string name() const;                                  ///< "pp512", "tg128", "pp512+tg128 @ d4096"
};

struct BenchRules {
  std::int32_t repetitions = 5;
  bool warm_up = true;        ///< a whole prompt and one token before the clock starts
  std::int32_t batch = 2048;  ///< logits are made at the end of every so many rows of a prompt
  QuantType kv_type = QuantType::f16;
};

/// What a step has to read, averaged over the timed tokens.
struct BenchTraffic {
  double weight_bytes = 0;  ///< per token: every weight once a step, of experts those that were chosen
  double kv_bytes = 0;      ///< per token: the rows of the cache once a step and sequence
  bool counted = false;     ///< the number of experts is exact, else that of a random choice
  double bytes() const { return weight_bytes + kv_bytes; }
};

struct BenchResult {
  BenchTest test;
  std::int64_t began = 0;        ///< seconds since 1970
  std::vector<std::int64_t> ns;  ///< of the repetitions
  BenchTraffic traffic;
  std::optional<double> joules;  ///< per token, of the whole processor; where the system tells

  std::vector<double> rates() const;  ///< tokens per second of the repetitions
};

/// Mean and sample deviation (n - 1); 0 for a single value.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread_of(const std::vector<double>& values);

/// Doubts about a result: values differ by more than 3 %, or the last repetition is more than 5 % slower than
/// the first. Empty when there are none.
std::vector<std::string> doubts(const BenchResult& result);

/// Many sequences at once, in the terms of llama-batched-bench.
struct ParallelTest {
  std::int32_t sequences = 1, prompt = 512, generate = 128;
  bool shared_prompt = false;  ///< one prompt that all sequences go on from
  std::int64_t kv_tokens() const {
    return shared_prompt ? prompt + std::int64_t{sequences} * generate
                         : std::int64_t{sequences} * (prompt + generate);
  }
};

struct ParallelResult {
  ParallelTest test;
  double prompt_seconds = 0, generate_seconds = 0;
  std::vector<double> first_token_seconds;  ///< of every sequence, from the start of the first prompt
  BenchTraffic traffic;                     ///< of generating, per token
};

/// A model with one backend and number of threads that is timed without an engine's worker, sampling or
/// chats. `options`: ctx, max_seqs and kv_budget are ignored, batch is the most rows of a step. One thread.
class BenchModel {
 public:
  /// Asked between steps; false stops.
  using GoOn = std::function<bool()>;

  /// Throws what loading throws, E901 when `go_on` says so.
  BenchModel(const EngineOptions& options, const GoOn& go_on);
  ~BenchModel();

  const GgufFile& file() const { return *file_; }
  const ModelConfig& config() const { return model_->config(); }
  const Backend& backend() const { return *backend_; }
  std::uint64_t weight_bytes() const { return model_->weight_bytes(); }
  double load_seconds() const { return load_seconds_; }

  /// Nothing when it was stopped. Throws E201 and E603 when the cache cannot be had.
  std::optional<BenchResult> run(const BenchTest& test, const BenchRules& rules, const GoOn& go_on);
  std::optional<ParallelResult> run_parallel(const ParallelTest& test, const BenchRules& rules,
                                             const GoOn& go_on);

 private:
  class Run;

  std::unique_ptr<GgufFile> file_;
  std::unique_ptr<ExpertCounter> backend_;
  std::unique_ptr<Model> model_;
  EnergyMeter energy_;
  double load_seconds_ = 0;
  std::uint64_t dense_bytes_ = 0, head_bytes_ = 0, embedding_row_bytes_ = 0;
  double expert_bytes_ = 0;  ///< of one expert in one layer, on average
};

}  // namespace glim
