#include "engine/plan.h"

#include <algorithm>

#include "engine/backends.h"
#include "engine/base/text.h"
#include "engine/gguf/model_kind.h"
#include "engine/model/model.h"
#include "engine/model_source.h"

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
  constexpr std::int32_t kLargest = 1 << 15;
  if (batch >= 1 && batch <= kLargest) return;
  throw Error(ErrorCode::E603, strf("a batch of %d tokens: use a value from 1 to %d", batch, kLargest));
}

/// What stays in memory in any case.
std::uint64_t own_bytes(const Plan& plan) {
  return plan.kv_bytes + plan.scratch_bytes + (plan.weights_stay ? plan.weight_bytes : 0);
}

bool has_room(const Plan& plan, std::uint64_t bytes) {
  return plan.available_bytes == 0 || bytes <= plan.available_bytes;
}

[[noreturn]] void refuse(const Plan& plan) {
  const std::string type(quant(plan.kv_type).name);
  const std::string cache = strf("a context of %d tokens in %s", plan.ctx, type.c_str());
  if (!plan.weights_stay) {
    throw Error(
        ErrorCode::E201,
        strf("%s needs %s for the KV cache, but %s of memory is free; use a smaller context or another "
             "KV type",
             cache.c_str(), gib(own_bytes(plan)).c_str(), gib(plan.available_bytes).c_str()));
  }
  throw Error(ErrorCode::E201,
              strf("%s of weights and %s for %s are needed, but %s of memory is free; use a smaller type of "
                   "the model, a smaller context or another KV type",
                   gib(plan.weight_bytes).c_str(), gib(plan.kv_bytes + plan.scratch_bytes).c_str(),
                   cache.c_str(), gib(plan.available_bytes).c_str()));
}

}  // namespace

Fit Plan::fit() const {
  if (!has_room(*this, own_bytes(*this))) return Fit::no;
  if (!has_room(*this, total_bytes())) return Fit::spills;
  return available_bytes == 0 || total_bytes() <= available_bytes / 10 * 9 ? Fit::fits : Fit::tight;
}

StepLimits step_limits(const EngineOptions& options) {
  constexpr int kScored = 64;
  return {options.batch, std::max(kScored, options.max_seqs)};
}

std::string settled_backend(const GgufFile& file, const EngineOptions& options, std::string* note) {
  const DeviceChoice choice = device_choice(options.backend);
  if (note != nullptr) *note = choice.note;
  if (options.backend != "auto" || choice.index < 0) return choice.label();
  EngineOptions there = options;
  there.backend = choice.label();
  const Plan plan = plan_for(file, there);
  if (plan.fit() != Fit::no) return there.backend;
  if (note != nullptr)
    *note = strf("%s has %s free and the model needs %s, so the processor computes",
                 printable(choice.name).c_str(), gib(plan.available_bytes).c_str(),
                 gib(plan.total_bytes()).c_str());
  return "cpu";
}

Plan plan_for(const GgufFile& file, const EngineOptions& asked) {
  check_batch(asked.batch);
  check_is_model(file);
  const ModelConfig config = read_config(file);
  std::string choice_note;
  EngineOptions options = asked;
  options.backend = settled_backend(file, asked, &choice_note);
  Plan plan;
  plan.backend = device_choice(options.backend).backend;
  plan.trained_ctx = config.trained_context;
  plan.ctx = planned_ctx(options, config);
  plan.kv_type = options.kv_type;
  plan.kv_token_bytes = kv_bytes_per_token(config, options.kv_type);
  EngineOptions settled = options;
  settled.ctx = plan.ctx;
  plan.kv_bytes =
      plan.kv_token_bytes * static_cast<std::uint64_t>(kv_blocks(settled.kv_tokens())) * kBlockTokens;
  plan.weight_bytes = weight_bytes(file, config);
  const StepLimits limits = step_limits(options);
  plan.scratch_bytes = scratch_bytes(config, limits) +
                       backend_scratch_bytes(options.backend, options.threads, step_sizes(config, limits));
  const bool elsewhere = options.memory > 0;
  const BackendMemory memory =
      elsewhere ? BackendMemory{options.memory, false} : backend_memory(options.backend);
  plan.available_bytes = memory.available;
  plan.weights_stay = !options.weights_loaded && (!memory.pages_weights || file.in_memory());
  if (!choice_note.empty()) plan.notes.push_back(choice_note);
  if (const std::string note = noise_note(file); !note.empty()) plan.notes.push_back(note);
  plan.notes.insert(plan.notes.end(), config.notes.begin(), config.notes.end());
  if (plan.fit() == Fit::spills && !options.weights_loaded) {
    plan.notes.push_back(
        strf("%s of weights and %s of free memory: parts of the model will be read from disk again and "
             "again, which is slow",
             gib(plan.weight_bytes).c_str(), gib(plan.available_bytes).c_str()));
  }
  return plan;
}

Plan plan(const EngineOptions& options) {
  const std::unique_ptr<GgufFile> file = open_model(options.model);
  Plan plan = plan_for(*file, options);
  if (plan.fit() == Fit::no) refuse(plan);
  return plan;
}

}  // namespace glim
