#include "app/quantize_plan.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "app/byte_size.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/model_kind.h"
#include "engine/shape/model_shape.h"
#include "engine/shape/shape_file.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

TensorOverride override_from(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == text.npos)
    throw Error(ErrorCode::E501, "--tensor-type " + printable(text) +
                                     ": \"=\" is missing; write PATTERN=TYPE, "
                                     "for example ffn_down=q6_k");
  return {NamePattern(text.substr(0, equals)), quant_type_named(text.substr(equals + 1), "--tensor-type")};
}

RecipeOptions recipe_from(const ToolArguments& arguments) {
  RecipeOptions out;
  out.file_type = &file_type_named(arguments.words.back(), "quantize");
  out.rules = rule_book_named(arguments.recipe).value_or(RuleBook::llama_cpp);
  out.pure = arguments.pure;
  if (!arguments.token_embedding.empty())
    out.token_embedding = quant_type_named(arguments.token_embedding, "--token-embedding-type");
  if (!arguments.output_tensor.empty())
    out.output = quant_type_named(arguments.output_tensor, "--output-tensor-type");
  for (const std::string& text : arguments.tensor_types) out.overrides.push_back(override_from(text));
  return out;
}

void check_words(const ToolArguments& arguments) {
  const std::size_t least = arguments.dry_run ? 2 : 3;
  if (arguments.words.size() >= least && arguments.words.size() <= 3) return;
  throw Error(ErrorCode::E501,
              "quantize: write glim quantize IN OUT TYPE, for example: glim quantize "
              "model-BF16.gguf model-Q4_K_M.gguf Q4_K_M");
}

void open_source(QuantizePlan& plan, const ModelPlaces& places, bool dry_run) {
  if (is_shape_name(plan.source_name)) {
    if (!dry_run)
      throw Error(ErrorCode::E501,
                  strf("%s: a shape has no weights to quantize; add --dry-run, or write it with "
                       "glim debug write-shape",
                       printable(plan.source_name).c_str()));
    plan.model = shape_named(plan.source_name).model;
    return;
  }
  plan.source = std::make_unique<GgufFile>(resolve_model(plan.source_name, places));
  check_is_model(*plan.source);
  plan.model = recipe_model(*plan.source);
  std::error_code ignored;
  for (std::size_t part = 0; part < plan.source->part_count(); ++part)
    if (fs::equivalent(plan.source->part(part).path(), plan.out, ignored))
      throw Error(ErrorCode::E501, strf("%s: the new file would replace its own source; choose another name",
                                        printable(plan.out.string()).c_str()));
}

/// "blk.*.attn_k_b.weight"
std::string class_of(std::string_view name) {
  const auto block = block_name(name);
  return block ? "blk.*" + std::string(block->rest) : std::string(name);
}

std::string type_name(QuantType type) {
  return std::string(quant(type).name);
}

void add_fallback_notes(QuantizePlan& plan) {
  std::map<std::tuple<std::string, QuantType, QuantType>, std::size_t> found;
  std::map<std::string, std::int64_t> columns;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const Assignment& one = plan.types[i];
    if (one.why != Assignment::Why::does_not_fit) continue;
    const std::string name = class_of(plan.model.tensors[i].name);
    ++found[{name, one.wanted, one.type}];
    columns[name] = plan.model.tensors[i].shape[0];
  }
  for (const auto& [key, count] : found) {
    const auto& [name, wanted, type] = key;
    plan.notes.push_back(strf("%s (%zu): rows of %lld values are no whole blocks of %s; it becomes %s",
                              printable(name).c_str(), count, static_cast<long long>(columns[name]),
                              type_name(wanted).c_str(), type_name(type).c_str()));
  }
}

void add_source_note(QuantizePlan& plan) {
  std::map<QuantType, std::size_t> counts;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const QuantType from = plan.model.tensors[i].type;
    if (quant(from).block_values > 1 && from != plan.types[i].type) ++counts[from];
  }
  if (counts.empty()) return;
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  plan.notes.push_back(
      strf("the source is quantised already (%s in %zu tensors); from a BF16 file the result "
           "would be better",
           type_name(most->first).c_str(), most->second));
}

void add_notes(QuantizePlan& plan, bool dry_run) {
  plan.notes = recipe_notes(plan.model, plan.options.recipe);
  add_fallback_notes(plan);
  add_source_note(plan);
  if (plan.options.importance != nullptr) {
    for (std::string& note : check_importance(plan.model, plan.types, plan.importance))
      plan.notes.push_back(std::move(note));
  }
  if (!dry_run) return;
  if (const auto name =
          lacks_importance(plan.model, plan.options.recipe, plan.types, plan.options.importance))
    plan.notes.push_back(
        strf("this file cannot be made without importance for '%s' (--imatrix)", printable(*name).c_str()));
}

void add_sizes(QuantizePlan& plan) {
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    plan.parameters += static_cast<std::uint64_t>(plan.model.tensors[i].values());
    plan.tensor_bytes += tensor_bytes(plan.model.tensors[i], plan.types[i].type);
  }
  GgufWriter writer(plan.out, plan.options.split_bytes);
  if (plan.source) {
    announce_quantised(writer, *plan.source, plan.model, plan.types, plan.options);
  } else {
    ModelShape shape = shape_named(plan.source_name);
    shape.file_type = plan.options.recipe.file_type;
    shape.rules = plan.options.recipe.rules;
    for (std::size_t i = 0; i < plan.types.size(); ++i) shape.types[i] = plan.types[i].type;
    announce_shape(writer, shape);
  }
  plan.bytes = writer.total_bytes();
}

}  // namespace

double QuantizePlan::bits_per_weight() const {
  return parameters == 0 ? 0 : 8 * static_cast<double>(tensor_bytes) / static_cast<double>(parameters);
}

std::unique_ptr<QuantizePlan> plan_quantize(const ToolArguments& arguments, const ModelPlaces& places) {
  check_words(arguments);
  auto plan = std::make_unique<QuantizePlan>();
  plan->source_name = arguments.words[0];
  if (arguments.words.size() == 3) plan->out = expand_path(arguments.words[1]);
  plan->options.recipe = recipe_from(arguments);
  plan->options.threads = arguments.threads;
  if (!arguments.split_size.empty())
    plan->options.split_bytes = bytes_from(arguments.split_size, "--split-size", 1000);
  open_source(*plan, places, arguments.dry_run);
  if (!arguments.imatrix.empty()) {
    const fs::path path = expand_path(arguments.imatrix);
    plan->importance = read_importance(path);
    plan->options.importance = &plan->importance;
    plan->options.importance_file = path.filename().string();
  }
  // Without the matrix that it needs a type can still be looked at.
  plan->options.recipe.importance = plan->options.importance != nullptr ||
                                    (arguments.dry_run && plan->options.recipe.file_type->needs_importance);
  plan->types = assign_types(plan->model, plan->options.recipe);
  add_notes(*plan, arguments.dry_run);
  add_sizes(*plan);
  return plan;
}

}  // namespace glim::app
