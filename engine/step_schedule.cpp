#include "engine/step_schedule.h"

#include <numeric>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/model_kind.h"
#include "engine/model/kv_cache.h"
#include "engine/model/model.h"
#include "engine/model_source.h"

namespace glim {

StepSchedule step_schedule(const EngineOptions& options, std::int32_t rows, std::int32_t depth) {
  const std::unique_ptr<GgufFile> file = open_model(options.model);
  check_is_model(*file);
  StepSchedule out;
  const std::unique_ptr<Backend> backend = make_schedule_backend(out.dispatches);
  out.device = backend->description();
  const std::unique_ptr<Model> model = load_model(*file, *backend, StepLimits(rows, 1), {});
  const ModelConfig& config = model->config();
  if (rows < 1 || depth < 0 || depth > config.trained_context - rows) {
    throw Error(ErrorCode::E603, strf("%d tokens behind %d others: the model was trained for %d in all", rows,
                                      depth, config.trained_context));
  }
  out.layers = config.layers;
  const std::int32_t blocks = kv_blocks(depth + rows);
  KvCache cache(config, *backend, options.kv_type, blocks);
  std::vector<std::int32_t> table(static_cast<std::size_t>(blocks));
  std::iota(table.begin(), table.end(), 0);
  std::vector<Row> step;
  for (std::int32_t i = 0; i < rows; ++i) step.push_back({0, depth + i, 0});
  const std::span<const std::int32_t> tables[] = {table};
  const std::int32_t wanted[] = {rows - 1};
  model->forward({step, tables}, wanted, cache);
  return out;
}

}  // namespace glim
