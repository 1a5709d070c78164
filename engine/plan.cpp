#include "engine/plan.h"

#include <algorithm>
#include <optional>

#include "engine/backends.h"
#include "engine/base/text.h"
#include "engine/gguf/model_kind.h"
#include "engine/model/model.h"
#include "engine/model/weight_places.h"
#include "engine/model_source.h"

namespace glim {
namespace {

std::string gib(std::uint64_t bytes) {
  const double gib = static_cast<double>(bytes) / 0x1p30;
  return gib >= 0.1 ? strf("%.2f GiB", gib) : strf("%.1f MiB", gib * 1024);
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

/// What is asked to lie beside a graphics card, of a model with so many layers; experts as far as they are
/// given.
Placement asked_placement(const EngineOptions& options, const ModelConfig& config) {
  // "-ngl 99" is how people say all.
  const std::int32_t all = config.layers + 1;
  return {.layers = options.gpu_layers < 0 ? 0 : all - std::min(options.gpu_layers, all),
          .experts = std::clamp(options.cpu_moe_layers, 0, config.layers),
          .cache = options.host_cache};
}

/// Sizes that a plan needs of a file.
struct Sizes {
  const GgufFile& file;
  const ModelConfig& config;
  StepLimits limits;
  std::uint64_t kv_bytes, device_scratch, processor_scratch;
  std::uint64_t mirrors;  ///< activations that both sides have
};

/// Divides the bytes between the device and the processor.
void place(Plan& plan, const Placement& placement, const Sizes& sizes) {
  const PlacedBytes weights = placed_weight_bytes(sizes.file, sizes.config, placement);
  const auto layers = static_cast<std::uint64_t>(sizes.config.layers);
  const std::uint64_t cached =
      placement.cache ? layers : static_cast<std::uint64_t>(std::min(placement.layers, sizes.config.layers));
  plan.placement = placement;
  plan.weight_bytes = weights.all - weights.beside;
  plan.kv_bytes = sizes.kv_bytes / layers * (layers - cached);
  plan.scratch_bytes = scratch_bytes(sizes.config, sizes.limits) + sizes.device_scratch;
  plan.beside = {};
  if (placement.any())
    plan.beside = {weights.beside, sizes.kv_bytes / layers * cached, sizes.processor_scratch + sizes.mirrors};
}

/// As few layers' experts beside the device as leave a tenth of its memory free, or else as fit.
void place_experts(Plan& plan, const Sizes& sizes) {
  Placement placement = plan.placement;
  std::optional<Placement> tight;
  for (std::int32_t i = 0; i <= sizes.config.layers; ++i) {
    placement.experts = i;
    place(plan, placement, sizes);
    const Fit fit = plan.fit();
    if (fit == Fit::fits) return;
    if (fit == Fit::tight && !tight) tight = placement;
  }
  if (tight) place(plan, *tight, sizes);
}

/// What stays in memory in any case.
std::uint64_t own_bytes(const Plan& plan) {
  return plan.kv_bytes + plan.scratch_bytes + (plan.weights_stay ? plan.weight_bytes : 0);
}

bool has_room(const Plan& plan, std::uint64_t bytes) {
  return plan.available_bytes == 0 || bytes <= plan.available_bytes;
}

/// How many layers' experts would have to be beside the device, for the end of a sentence.
std::string experts_remedy(const GgufFile& file, const EngineOptions& options, const Plan& plan) {
  if (plan.backend != "vulkan" || options.cpu_moe_layers != 0) return {};
  EngineOptions other = options;
  other.cpu_moe_layers = -1;
  const Plan better = plan_for(file, other);
  if (better.fit() == Fit::no) return {};
  return strf(", or device.cpu_moe_layers = %d, which leaves the experts of so many layers to the processor",
              better.placement.experts);
}

[[noreturn]] void refuse(const GgufFile& file, const EngineOptions& options, const Plan& plan) {
  const std::string type(quant(plan.kv_type).name);
  const std::string cache = strf("a context of %d tokens in %s", plan.ctx, type.c_str());
  if (plan.placement.any() && !plan.one_memory && has_room(plan, own_bytes(plan))) {
    throw Error(
        ErrorCode::E201,
        strf("%s for what the processor has of this model are needed, but %s of memory is free; use a "
             "smaller type of the model, a smaller context or leave more to the graphics card",
             gib(plan.beside.total()).c_str(), gib(plan.beside_available).c_str()));
  }
  if (!plan.weights_stay) {
    throw Error(
        ErrorCode::E201,
        strf("%s needs %s for the KV cache, but %s of memory is free; use a smaller context or another "
             "KV type",
             cache.c_str(), gib(own_bytes(plan)).c_str(), gib(plan.available_bytes).c_str()));
  }
  throw Error(ErrorCode::E201,
              strf("%s of weights and %s for %s are needed, but %s of memory is free; use a smaller type of "
                   "the model, a smaller context or another KV type%s",
                   gib(plan.weight_bytes + (plan.one_memory ? plan.beside.weights : 0)).c_str(),
                   gib(plan.kv_bytes + plan.scratch_bytes).c_str(), cache.c_str(),
                   gib(plan.available_bytes).c_str(), experts_remedy(file, options, plan).c_str()));
}

/// What people are to know of a placement.
void tell(Plan& plan, const EngineOptions& options) {
  if (!plan.placement.any()) {
    if (plan.backend != "vulkan" &&
        (options.gpu_layers > 0 || options.cpu_moe_layers != 0 || options.host_cache))
      plan.notes.push_back(
          "the processor holds the whole model, so gpu_layers, cpu_moe_layers and the place "
          "of the KV cache change nothing");
    return;
  }
  std::string parts;
  const auto add = [&parts](const std::string& part) { parts += (parts.empty() ? "" : ", ") + part; };
  if (plan.placement.layers > 0) add(strf("the first %d layers", plan.placement.layers));
  if (plan.placement.experts > plan.placement.layers)
    add(strf("the experts of the first %d layers", plan.placement.experts));
  if (plan.placement.cache) add("the KV cache");
  plan.notes.push_back(strf("the processor holds and computes %s: %s in its memory, %s on the device",
                            parts.c_str(), gib(plan.beside.total()).c_str(),
                            gib(plan.total_bytes()).c_str()));
}

}  // namespace

Fit Plan::fit() const {
  const std::uint64_t here = beside.total() - (weights_stay ? 0 : beside.weights);
  if (!has_room(*this, own_bytes(*this) + (one_memory ? here : 0))) return Fit::no;
  if (beside_available > 0 && here > beside_available) return Fit::no;
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
  if (choice.index >= 0 && options.gpu_layers == 0) return "cpu";
  if (options.backend != "auto" || choice.index < 0) return choice.label();
  EngineOptions there = options;
  there.backend = choice.label();
  const Plan plan = plan_for(file, there);
  if (plan.fit() != Fit::no) return there.backend;
  if (note != nullptr)
    *note = strf("%s has %s free and the model needs %s, so the processor computes; device.cpu_moe_layers = "
                 "\"auto\" lets both do so",
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
  const StepLimits limits = step_limits(options);
  const StepSizes steps = step_sizes(config, limits);
  const bool elsewhere = options.memory > 0;
  const BackendMemory memory =
      elsewhere ? BackendMemory{options.memory, false, true} : backend_memory(options.backend);
  const Sizes sizes = {.file = file,
                       .config = config,
                       .limits = limits,
                       .kv_bytes = plan.kv_token_bytes *
                                   static_cast<std::uint64_t>(kv_blocks(settled.kv_tokens())) * kBlockTokens,
                       .device_scratch = backend_scratch_bytes(options.backend, options.threads, steps),
                       .processor_scratch = backend_scratch_bytes("cpu", options.threads, steps),
                       .mirrors = memory.apart ? activation_bytes(config, limits) : 0};
  plan.available_bytes = memory.available;
  plan.one_memory = memory.of_host;
  plan.weights_stay = !options.weights_loaded && (!memory.pages_weights || file.in_memory());
  const bool places = plan.backend == "vulkan" || elsewhere;
  if (places) plan.beside_available = backend_memory("cpu").available;
  place(plan, places ? asked_placement(options, config) : Placement{}, sizes);
  if (places && options.cpu_moe_layers < 0) place_experts(plan, sizes);
  tell(plan, options);
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
  if (plan.fit() == Fit::no) refuse(*file, options, plan);
  return plan;
}

}  // namespace glim
