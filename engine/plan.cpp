#include "engine/backends.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/gguf/model_kind.h"
#include "engine/model/model.h"

namespace glim {
namespace {

std::string gib(std::uint64_t bytes) {
  return strf("%.2f GiB", static_cast<double>(bytes) / (1u << 30));
}

std::int32_t planned_ctx(const EngineOptions& options, const ModelConfig& config) {
  if (options.ctx == 0) return config.trained_context;
  if (options.ctx < 0 || options.ctx > config.trained_context) {
    throw Error(ErrorCode::E603,
                strf("context of %d tokens: %s was trained for %d; use a value from 1 to %d", options.ctx,
                     printable(config.name).c_str(), config.trained_context, config.trained_context));
  }
  return options.ctx;
}

void check_batch(std::int32_t batch) {
  constexpr std::int32_t kLargest = 1 << 16;
  if (batch >= 1 && batch <= kLargest) return;
  throw Error(ErrorCode::E603, strf("a batch of %d tokens: use a value from 1 to %d", batch, kLargest));
}

}  // namespace

Plan plan(const EngineOptions& options) {
  check_batch(options.batch);
  const GgufFile file(options.model);
  check_is_model(file);
  const ModelConfig config = read_config(file);
  Plan plan;
  plan.backend = backend_name(options.backend);
  plan.trained_ctx = config.trained_context;
  plan.ctx = planned_ctx(options, config);
  plan.kv_type = options.kv_type;
  plan.kv_token_bytes = kv_bytes_per_token(config, options.kv_type);
  EngineOptions settled = options;
  settled.ctx = plan.ctx;
  plan.kv_bytes =
      plan.kv_token_bytes * static_cast<std::uint64_t>(kv_blocks(settled.kv_tokens())) * kBlockTokens;
  plan.weight_bytes = weight_bytes(file, config);
  plan.scratch_bytes = scratch_bytes(config, options.batch);
  plan.available_bytes = memory_info().available;
  plan.notes = config.notes;
  const std::uint64_t own = plan.kv_bytes + plan.scratch_bytes;
  if (plan.available_bytes > 0 && own > plan.available_bytes) {
    throw Error(ErrorCode::E201,
                strf("a context of %d tokens in %.*s needs %s for the KV cache, but %s of memory is free; "
                     "use a smaller context or another KV type",
                     plan.ctx, static_cast<int>(quant(plan.kv_type).name.size()),
                     quant(plan.kv_type).name.data(), gib(own).c_str(), gib(plan.available_bytes).c_str()));
  }
  if (plan.available_bytes > 0 && plan.total_bytes() > plan.available_bytes) {
    plan.notes.push_back(
        strf("%s of weights and %s of free memory: parts of the model will be read from disk again and "
             "again, which is slow",
             gib(plan.weight_bytes).c_str(), gib(plan.available_bytes).c_str()));
  }
  return plan;
}

}  // namespace glim
