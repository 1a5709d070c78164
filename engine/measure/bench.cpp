#include "engine/measure/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/model_kind.h"
#include "engine/model_backend.h"
#include "engine/model_source.h"
#include "engine/plan.h"
#include "engine/text/vocab.h"

namespace glim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Of `total` experts, how many `rows` rows that choose `active` at random need together.
double expected_experts(double total, double active, double rows) {
  return total * (1 - std::pow(1 - active / total, rows));
}

}  // namespace

std::string BenchTest::name() const {
  std::string out;
  if (prompt > 0) out = strf("pp%d", prompt);
  if (generate > 0) out += strf("%stg%d", prompt > 0 ? "+" : "", generate);
  if (depth > 0) out += strf(" @ d%d", depth);
  return out;
}

std::vector<double> BenchResult::rates() const {
  std::vector<double> out;
  for (const std::int64_t time : ns)
    out.push_back(1e9 * test.tokens() / static_cast<double>(std::max<std::int64_t>(time, 1)));
  return out;
}

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto count = static_cast<double>(values.size());
  Spread out{std::accumulate(values.begin(), values.end(), 0.0) / count, 0};
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.deviation = std::sqrt(squares / (count - 1));
  return out;
}

std::vector<std::string> doubts(const BenchResult& result) {
  constexpr double kSpread = 0.03, kDrift = 0.05;
  std::vector<std::string> out;
  const std::vector<double> rates = result.rates();
  const Spread spread = spread_of(rates);
  if (spread.deviation > kSpread * spread.mean)
    out.push_back(strf("the repetitions differ by %.1f %%", 100 * spread.deviation / spread.mean));
  if (rates.size() > 1 && rates.back() < (1 - kDrift) * rates.front())
    out.push_back(strf("the last repetition is %.1f %% slower than the first",
                       100 * (1 - rates.back() / rates.front())));
  return out;
}

/// A cache and the sequences in it.
class BenchModel::Run {
 public:
  Run(BenchModel& model, const BenchRules& rules, std::int64_t tokens, std::int32_t sequences,
      const GoOn& go_on)
      : model_(model),
        rules_(rules),
        go_on_(go_on),
        cache_(model.config(), *model.backend_, rules.kv_type, cache_blocks(tokens, sequences)),
        random_(0) {
    for (std::int32_t i = 0; i < sequences; ++i) timelines_.push_back(std::make_unique<Timeline>(cache_));
    token_bytes_ = kv_bytes_per_token(model.config(), rules.kv_type);
  }

  /// Prompts of `count` tokens for the first `sequences` sequences, as many rows a step as there may be.
  /// False when it was stopped. `finished`, when set, is told how many sequences have their whole prompt.
  bool prompts(std::int32_t sequences, std::int32_t count,
               const std::function<void(std::int32_t)>& finished = {}) {
    for (std::int32_t i = 0; i < sequences; ++i) {
      for (std::int32_t done = 0; done < count;) {
        const std::int32_t to_batch_end = rules_.batch - done % rules_.batch;
        const std::int32_t rows = std::min({count - done, to_batch_end, free_rows()});
        done += rows;
        append(i, rows, done == count || done % rules_.batch == 0);
        // A sequence has one run of rows in a step.
        const bool more_fits = done == count && free_rows() > 0 && i + 1 < sequences;
        if (more_fits) continue;
        if (!step()) return false;
        if (finished) finished(done == count ? i + 1 : i);
      }
    }
    return true;
  }

  /// One token of every sequence, in as many steps as that takes.
  bool generate(std::int32_t sequences) {
    for (std::int32_t i = 0; i < sequences; ++i) {
      append(i, 1, true);
      if ((free_rows() == 0 || i + 1 == sequences) && !step()) return false;
    }
    return true;
  }

  Timeline& timeline(std::int32_t sequence) { return *timelines_[static_cast<std::size_t>(sequence)]; }
  void truncate(std::int32_t length) {
    for (auto& one : timelines_) one->truncate(length);
  }

  /// What the steps since the last call had to read, for `tokens` tokens; `experts`: how many of them were
  /// needed in all layers and steps, where that is known.
  BenchTraffic take_traffic(double tokens, std::optional<double> experts = {}) {
    BenchTraffic out;
    out.counted = experts.has_value();
    out.weight_bytes = (dense_bytes_ + model_.expert_bytes_ * experts.value_or(expected_)) / tokens;
    out.kv_bytes = kv_bytes_ / tokens;
    dense_bytes_ = kv_bytes_ = expected_ = 0;
    return out;
  }

 private:
  static std::int32_t cache_blocks(std::int64_t tokens, std::int32_t sequences) {
    // Every sequence may end in a block that it does not fill, and copy one that it shares.
    const std::int64_t spare = sequences > 1 ? 2 * (kBlockTokens - 1) : 0;
    return kv_blocks(tokens + sequences * spare + kBlockTokens);
  }

  std::int32_t free_rows() const {
    return model_.model_->max_rows() - static_cast<std::int32_t>(rows_.size());
  }

  void append(std::int32_t sequence, std::int32_t count, bool wants_last) {
    const std::int32_t start = timeline(sequence).length();
    std::vector<TokenId> tokens;
    const auto vocabulary = static_cast<std::uint64_t>(model_.config().vocabulary);
    for (std::int32_t i = 0; i < count; ++i)
      tokens.push_back(static_cast<TokenId>(random_.below(vocabulary)));
    const bool held = timeline(sequence).extend(tokens);
    GLIM_ASSERT(held);
    const auto slot = static_cast<std::int32_t>(blocks_.size());
    blocks_.push_back(timeline(sequence).blocks());
    for (std::int32_t i = 0; i < count; ++i)
      rows_.push_back({tokens[static_cast<std::size_t>(i)], start + i, slot});
    if (wants_last) wanted_.push_back(static_cast<std::int32_t>(rows_.size()) - 1);
    kv_bytes_ += static_cast<double>(token_bytes_) * (start + count);
  }

  bool step() {
    const bool go_on = go_on_();
    if (go_on) model_.model_->forward({rows_, blocks_}, wanted_, cache_);
    const auto count = static_cast<double>(rows_.size());
    const ModelConfig& config = model_.config();
    dense_bytes_ += static_cast<double>(model_.dense_bytes_) +
                    static_cast<double>(model_.embedding_row_bytes_) * count +
                    (wanted_.empty() ? 0.0 : static_cast<double>(model_.head_bytes_));
    if (config.experts > 0)
      expected_ += (config.layers - config.dense_layers) *
                   expected_experts(config.experts, config.router.active, count);
    rows_.clear();
    blocks_.clear();
    wanted_.clear();
    return go_on;
  }

  BenchModel& model_;
  const BenchRules& rules_;
  const GoOn& go_on_;
  KvCache cache_;
  std::vector<std::unique_ptr<Timeline>> timelines_;
  Random random_;
  std::vector<Row> rows_;                              ///< of the next step
  std::vector<std::span<const std::int32_t>> blocks_;  ///< of its sequences
  std::vector<std::int32_t> wanted_;                   ///< its rows that get logits
  std::uint64_t token_bytes_ = 0;
  double dense_bytes_ = 0, kv_bytes_ = 0, expected_ = 0;
};

BenchModel::BenchModel(const EngineOptions& options, const GoOn& go_on) {
  const auto began = Clock::now();
  file_ = open_model(options.model);
  check_is_model(*file_);
  backend_ = std::make_unique<ExpertCounter>(make_model_backend(*file_, options).backend);
  fill_weights(*file_, options.threads, [&](std::uint64_t, std::uint64_t) { return go_on(); });
  model_ = load_model(*file_, *backend_, options.batch,
                      [&](std::uint64_t, std::uint64_t, std::string_view) { return go_on(); });
  file_->check_intact();
  load_seconds_ = seconds_since(began);

  const ModelConfig& c = config();
  double experts = 0;
  const bool tied = file_->tensor("output.weight") == nullptr;
  for (const GgufTensor& tensor : file_->tensors()) {
    const std::optional<BlockName> block = block_name(tensor.name);
    if (block && block->block >= c.layers) continue;
    if (tensor.name == "token_embd.weight") {
      embedding_row_bytes_ = row_bytes(tensor.type, tensor.shape[0]);
      if (tied) head_bytes_ = tensor.bytes;
    } else if (tensor.name == "output.weight") {
      head_bytes_ = tensor.bytes;
    } else if (block && block->rest.find("_exps.") != block->rest.npos) {
      experts += static_cast<double>(tensor.bytes);
    } else {
      dense_bytes_ += tensor.bytes;
    }
  }
  const double places = std::max(1.0, static_cast<double>(c.layers - c.dense_layers) * c.experts);
  expert_bytes_ = experts / places;
}

BenchModel::~BenchModel() = default;

std::optional<BenchResult> BenchModel::run(const BenchTest& test, const BenchRules& rules,
                                           const GoOn& go_on) {
  BenchResult out;
  out.test = test;
  out.began = std::time(nullptr);
  Run run(*this, rules, std::int64_t{test.depth} + test.tokens(), 1, go_on);
  const auto once = [&] {
    if (test.prompt > 0 && !run.prompts(1, test.prompt)) return false;
    for (std::int32_t i = 0; i < test.generate; ++i)
      if (!run.generate(1)) return false;
    return true;
  };
  // A single row needs exactly as many experts as the router chooses; for a prompt they are counted while the
  // clock does not run, since the waiting that it takes would be timed too.
  std::optional<double> experts;
  if (test.prompt == 0) experts = 0;
  if (rules.warm_up) {
    backend_->count(true);
    const bool read = test.prompt == 0 || run.prompts(1, test.prompt);
    backend_->count(false);
    if (const std::uint64_t counted = backend_->take(); counted > 0) experts = static_cast<double>(counted);
    if (!read || (test.generate > 0 && !run.generate(1))) return std::nullopt;
    run.truncate(0);
  }
  if (experts) {
    const ModelConfig& c = config();
    *experts += static_cast<double>(test.generate) * (c.layers - c.dense_layers) * c.router.active;
    *experts *= rules.repetitions;
  }
  if (test.depth > 0 && !run.prompts(1, test.depth)) return std::nullopt;
  energy_.take();
  run.take_traffic(1);
  for (std::int32_t i = 0; i < rules.repetitions; ++i) {
    run.truncate(test.depth);
    const auto began = Clock::now();
    if (!once()) return std::nullopt;
    out.ns.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count());
  }
  const double timed = static_cast<double>(test.tokens()) * rules.repetitions;
  if (const auto joules = energy_.take()) out.joules = *joules / timed;
  out.traffic = run.take_traffic(timed, experts);
  return out;
}

std::optional<ParallelResult> BenchModel::run_parallel(const ParallelTest& test, const BenchRules& rules,
                                                       const GoOn& go_on) {
  ParallelResult out;
  out.test = test;
  Run run(*this, rules, test.kv_tokens(), test.sequences, go_on);
  if (rules.warm_up) {
    if (!run.prompts(1, test.prompt)) return std::nullopt;
    run.truncate(0);
  }
  const auto began = Clock::now();
  if (test.shared_prompt) {
    if (!run.prompts(1, test.prompt)) return std::nullopt;
    for (std::int32_t i = 1; i < test.sequences; ++i) run.timeline(i).fork_from(run.timeline(0));
    out.first_token_seconds.assign(static_cast<std::size_t>(test.sequences), seconds_since(began));
  } else {
    const auto finished = [&](std::int32_t count) {
      out.first_token_seconds.resize(static_cast<std::size_t>(count), seconds_since(began));
    };
    if (!run.prompts(test.sequences, test.prompt, finished)) return std::nullopt;
  }
  out.prompt_seconds = seconds_since(began);
  run.take_traffic(1);
  const auto generating = Clock::now();
  for (std::int32_t i = 0; i < test.generate; ++i)
    if (!run.generate(test.sequences)) return std::nullopt;
  out.generate_seconds = seconds_since(generating);
  out.traffic = run.take_traffic(std::max(1.0, static_cast<double>(test.sequences) * test.generate));
  return out;
}

}  // namespace glim
