#include "app/fit/fit_model.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "app/model_list.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model_source.h"
#include "engine/plan.h"
#include "engine/quant/cache_types.h"
#include "engine/shape/model_shape.h"

namespace glim::app {
namespace {

/// The plan, or nothing where the model cannot have it (E603).
std::optional<Plan> possible_plan(const FitModel& model, const FitCase& wanted, const FitMemory& memory) {
  try {
    return model.plan(wanted, memory);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::E603) throw;
    return std::nullopt;
  }
}

/// The same model in other types: "shape:NAME:*", "spark:*", or the folder of the file.
std::string family_of(const FitModel& model) {
  const std::string& name = model.base().model;
  if (!is_shape_name(name)) {
    if (model.name().starts_with("spark") || model.name().starts_with("builtin:")) return "spark:*";
    return std::filesystem::path(name).parent_path().string();
  }
  const ModelShape shape = shape_named(name);
  std::string family = plain_name(shape);
  std::string type(shape.file_type->name);
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
  return family.replace(family.find(":" + type) + 1, type.size(), "*");
}

/// Bytes of the weights of a shape, for which no vocabulary has to be made up; 0 for a file.
std::uint64_t shape_bytes(const std::string& name) {
  if (!is_shape_name(name)) return 0;
  const ModelShape shape = shape_named(name);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < shape.types.size(); ++i)
    sum += tensor_bytes(shape.model.tensors[i], shape.types[i]);
  return sum;
}

/// The largest of the other types that is smaller and fits.
std::optional<Remedy> smaller_model(const FitModel& model, const FitCase& wanted, const FitMemory& memory,
                                    const ModelPlaces& places) {
  std::optional<Remedy> best;
  const std::string family = family_of(model);
  if (family.empty()) return best;
  for (const std::string& name : expand_model_names(std::array{family}, places)) {
    try {
      const std::uint64_t known = shape_bytes(name);
      if (known > 0 && (known >= model.weight_bytes() || known > memory.bytes)) continue;
      if (known > 0 && best && known <= best->plan.weight_bytes) continue;
      EngineOptions base = model.base();
      base.model = resolve_model(name, places);
      const FitModel other(name, base);
      if (other.weight_bytes() >= model.weight_bytes()) continue;
      if (other.figures().parameters != model.figures().parameters) continue;
      const std::optional<Plan> plan = possible_plan(other, wanted, memory);
      if (!plan || !is_held(*plan)) continue;
      if (!best || plan->weight_bytes > best->plan.weight_bytes) best = Remedy{"model", name, wanted, *plan};
    } catch (const Error&) {
      // Something in the folder is no model; it is no remedy either.
    }
  }
  return best;
}

std::optional<Remedy> smaller_cache(const FitModel& model, FitCase wanted, const FitMemory& memory) {
  const std::uint64_t now = model.plan(wanted, memory).kv_token_bytes;
  for (const QuantType type : kCacheTypes) {
    wanted.kv_type = type;
    const std::optional<Plan> plan = possible_plan(model, wanted, memory);
    if (!plan || plan->kv_token_bytes >= now || !is_held(*plan)) continue;
    return Remedy{"kv_type", "--kv-type " + std::string(quant(type).name), wanted, *plan};
  }
  return std::nullopt;
}

std::optional<Remedy> fewer_conversations(const FitModel& model, FitCase wanted, const FitMemory& memory) {
  while (--wanted.parallel > 0) {
    const Plan plan = model.plan(wanted, memory);
    if (is_held(plan)) return Remedy{"parallel", strf("--parallel %d", wanted.parallel), wanted, plan};
  }
  return std::nullopt;
}

/// For a graphics card: as few experts as possible with the processor.
std::optional<Remedy> experts_beside(const FitModel& model, FitCase wanted, const FitMemory& memory) {
  if (!memory.device && model.plan(wanted, memory).backend != "vulkan") return std::nullopt;
  wanted.cpu_moe_layers = -1;
  const Plan plan = model.plan(wanted, memory);
  if (!is_held(plan) || plan.placement.experts == 0) return std::nullopt;
  wanted.cpu_moe_layers = plan.placement.experts;
  return Remedy{"cpu_moe_layers", strf("--n-cpu-moe %d", plan.placement.experts), wanted, plan};
}

std::optional<Remedy> shorter_context(const FitModel& model, FitCase wanted, const FitMemory& memory) {
  const std::optional<std::int32_t> longest = model.longest_context(wanted, memory);
  if (!longest || *longest >= wanted.ctx) return std::nullopt;
  wanted.ctx = *longest;
  return Remedy{"context", strf("-c %d", *longest), wanted, model.plan(wanted, memory)};
}

}  // namespace

FitModel::FitModel(std::string name, EngineOptions base)
    : name_(std::move(name)),
      base_(std::move(base)),
      file_(open_model(base_.model)),
      figures_(glim::figures(*file_)) {
  EngineOptions least = base_;
  least.ctx = 1;
  const Plan plan = plan_for(*file_, least);
  trained_ctx_ = plan.trained_ctx;
  weight_bytes_ = plan.weight_bytes;
}

Plan FitModel::plan(const FitCase& wanted, const FitMemory& memory) const {
  EngineOptions options = base_;
  options.ctx = wanted.ctx;
  options.kv_type = wanted.kv_type;
  options.max_seqs = wanted.parallel;
  if (wanted.cpu_moe_layers) options.cpu_moe_layers = *wanted.cpu_moe_layers;
  if (memory.device) options.memory = memory.bytes;
  Plan plan = plan_for(*file_, options);
  plan.available_bytes = memory.bytes;  // one figure for a whole table, whatever other programs do meanwhile
  return plan;
}

std::optional<std::int32_t> FitModel::longest_context(const FitCase& wanted, const FitMemory& memory) const {
  const auto holds = [&](std::int32_t ctx) {
    return is_held(plan({ctx, wanted.kv_type, wanted.parallel, wanted.cpu_moe_layers}, memory));
  };
  const Plan whole = plan({trained_ctx_, wanted.kv_type, wanted.parallel, wanted.cpu_moe_layers}, memory);
  if (is_held(whole)) return trained_ctx_;
  std::int32_t fits = 0, fails = (trained_ctx_ + kBlockTokens - 1) / kBlockTokens;
  // The cache grows evenly, so that the answer can be guessed and is nearly always right.
  const std::uint64_t fixed = whole.total_bytes() - whole.kv_bytes;
  const std::uint64_t block =
      whole.kv_token_bytes * kBlockTokens * static_cast<std::uint64_t>(wanted.parallel);
  const std::uint64_t room = memory.bytes > fixed ? (memory.bytes - fixed) / block : 0;
  const auto guess =
      static_cast<std::int32_t>(std::min<std::uint64_t>(room, static_cast<std::uint64_t>(fails) - 1));
  if (guess == 0 || holds(guess * kBlockTokens)) fits = guess;
  if (fits + 1 < fails && !holds((fits + 1) * kBlockTokens)) fails = fits + 1;
  while (fails - fits > 1) {
    const std::int32_t middle = fits + (fails - fits) / 2;
    (holds(middle * kBlockTokens) ? fits : fails) = middle;
  }
  if (fits == 0) return std::nullopt;
  return fits * kBlockTokens;
}

bool is_held(const Plan& plan) {
  return plan.fit() == Fit::fits || plan.fit() == Fit::tight;
}

std::vector<Remedy> remedies(const FitModel& model, const FitCase& wanted, const FitMemory& memory,
                             const ModelPlaces& places) {
  std::vector<Remedy> out;
  const auto add = [&](std::optional<Remedy> one) {
    if (one) out.push_back(std::move(*one));
  };
  add(shorter_context(model, wanted, memory));
  add(smaller_cache(model, wanted, memory));
  add(fewer_conversations(model, wanted, memory));
  if (!model.base().cpu_moe_layers) add(experts_beside(model, wanted, memory));
  add(smaller_model(model, wanted, memory, places));
  return out;
}

}  // namespace glim::app
