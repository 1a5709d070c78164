#include "engine/step_schedule.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/model_kind.h"
#include "engine/model/kv_cache.h"
#include "engine/model/model.h"
#include "engine/model_source.h"

namespace glim {

namespace {

/// One step of a model, to be run again and again.
class Step {
 public:
  Step(const GgufFile& file, Backend& backend, const EngineOptions& options, std::int32_t rows,
       std::int32_t depth, const WeightProgress& progress)
      : model_(load_model(file, backend, StepLimits(rows, 1), progress)) {
    const ModelConfig& config = model_->config();
    if (rows < 1 || depth < 0 || depth > config.trained_context - rows) {
      throw Error(ErrorCode::E603, strf("%d tokens behind %d others: the model was trained for %d in all",
                                        rows, depth, config.trained_context));
    }
    const std::int32_t blocks = kv_blocks(depth + rows);
    cache_ = std::make_unique<KvCache>(config, backend, options.kv_type, blocks);
    table_.resize(static_cast<std::size_t>(blocks));
    std::iota(table_.begin(), table_.end(), 0);
    // Different tokens, so that a step of many rows chooses many experts.
    const auto vocabulary = static_cast<std::int32_t>(config.vocabulary);
    for (std::int32_t i = 0; i < rows; ++i) rows_.push_back({(i * 37 + 1) % vocabulary, depth + i, 0});
  }

  void run() {
    const std::span<const std::int32_t> tables[] = {table_};
    const std::int32_t wanted[] = {static_cast<std::int32_t>(rows_.size()) - 1};
    model_->forward({rows_, tables}, wanted, *cache_);
  }

  std::int32_t layers() const { return model_->config().layers; }

 private:
  std::unique_ptr<Model> model_;
  std::unique_ptr<KvCache> cache_;
  std::vector<std::int32_t> table_;
  std::vector<Row> rows_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

StepSchedule step_schedule(const EngineOptions& options, std::int32_t rows, std::int32_t depth) {
  const std::unique_ptr<GgufFile> file = open_model(options.model);
  check_is_model(*file);
  StepSchedule out;
  const std::unique_ptr<Backend> backend = make_schedule_backend(out.dispatches);
  out.device = backend->description();
  Step step(*file, *backend, options, rows, depth, {});
  out.layers = step.layers();
  step.run();
  return out;
}

StepSchedule timed_step(const EngineOptions& options, std::int32_t rows, std::int32_t depth,
                        std::int32_t repetitions, const std::function<bool()>& go_on) {
  GLIM_ASSERT(repetitions >= 1);
  const std::unique_ptr<GgufFile> file = open_model(options.model);
  check_is_model(*file);
  std::vector<ScheduledDispatch> seen;
  const std::unique_ptr<Backend> backend = make_timed_backend(options.backend, seen);
  fill_weights(*file, options.threads, [&](std::uint64_t, std::uint64_t) { return go_on(); });
  Step step(*file, *backend, options, rows, depth,
            [&](std::uint64_t, std::uint64_t, std::string_view) { return go_on(); });
  step.run();  // once for the pipelines
  StepSchedule out{backend->description(), step.layers(), std::exchange(seen, {})};
  std::vector<std::vector<double>> times(out.dispatches.size());
  for (std::int32_t i = 0; i < repetitions; ++i) {
    if (!go_on()) throw Error(ErrorCode::E901, "measuring was cancelled");
    step.run();
    GLIM_ASSERT(seen.size() == times.size());
    for (std::size_t d = 0; d < seen.size(); ++d) times[d].push_back(seen[d].seconds);
    seen.clear();
  }
  for (std::size_t d = 0; d < times.size(); ++d) out.dispatches[d].seconds = median(std::move(times[d]));
  return out;
}

}  // namespace glim
