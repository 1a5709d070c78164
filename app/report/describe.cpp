#include "app/report/describe.h"

#include <algorithm>

#include "app/report/model_label.h"
#include "app/store/fingerprint.h"
#include "app/store/provenance.h"
#include "engine/gguf/figures.h"
#include "engine/plan.h"
#include "engine/shape/model_shape.h"

namespace glim::app::report {
namespace {

bool is_end_of_model(std::string_view tensor) {
  return tensor == "token_embd.weight" || tensor == "output.weight";
}

Figure bits_without_ends(const GgufFile& file) {
  double bytes = 0, values = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    if (is_end_of_model(tensor.name)) continue;
    bytes += static_cast<double>(tensor.bytes);
    values += static_cast<double>(tensor.values());
  }
  return values > 0 ? measured(Unit::bits, 8 * bytes / values) : absent("there are no weights");
}

std::string text_at(const GgufFile& file, const char* key) {
  const GgufValue* value = file.find(key);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string_view>(&value->value);
  return text == nullptr ? std::string() : std::string(*text);
}

std::string importance_of(const GgufFile& file) {
  if (is_shape_name(file.path().string())) return {};
  const std::string dataset = text_at(file, "quantize.imatrix.dataset");
  if (file.find("quantize.imatrix.file") == nullptr && dataset.empty()) return "none named";
  return dataset.empty() ? "yes" : dataset;
}

MemoryAt memory_at(const GgufFile& file, EngineOptions options, std::int64_t context, std::int64_t trained) {
  MemoryAt at;
  at.context = context;
  if (trained > 0 && context > trained) {
    at.total = absent("the model was trained for " + std::to_string(trained) + " tokens");
    return at;
  }
  options.ctx = static_cast<std::int32_t>(context);
  const Plan plan = plan_for(file, options);
  at.weights = planned(Unit::bytes, static_cast<double>(plan.weight_bytes));
  at.kv = planned(Unit::bytes, static_cast<double>(plan.kv_bytes));
  at.scratch = planned(Unit::bytes, static_cast<double>(plan.scratch_bytes));
  at.total = planned(Unit::bytes, static_cast<double>(plan.total_bytes()));
  return at;
}

void add_figures(Row& row, const GgufFile& file, bool shape) {
  const ModelFigures figures = glim::figures(file);
  const auto bytes = static_cast<double>(file.file_bytes());
  row[Metric::file_size] = shape ? planned(Unit::bytes, bytes) : measured(Unit::bytes, bytes);
  row[Metric::bits_per_weight] = measured(Unit::bits, figures.bits_per_weight());
  row[Metric::bits_without_embeddings] = bits_without_ends(file);
  row[Metric::parameters] = measured(Unit::count, static_cast<double>(figures.parameters));
  if (figures.token_bytes > 0)
    row[Metric::token_bytes] = planned(Unit::bytes, static_cast<double>(figures.token_bytes));
  for (const TypeTotal& total : figures.types)
    row.identity.mix.push_back({std::string(quant(total.type).name), total.tensors, total.bytes});
}

}  // namespace

std::string quant_of(const GgufFile& file, const std::string& asked) {
  return is_shape_name(asked) ? std::string(shape_named(asked).file_type->name) : quant_name(file);
}

Row describe(const GgufFile& file, const std::string& asked, const EngineOptions& options,
             const std::vector<std::int64_t>& contexts) {
  const bool shape = is_shape_name(asked);
  Row row;
  row.identity.name = asked;
  row.identity.file = shape ? "none: a shape" : file.path().string();
  row.identity.hash = shape ? "" : fingerprint(file);
  row.identity.architecture = text_at(file, "general.architecture");
  row.identity.quantized_by = text_at(file, "general.quantized_by");
  row.identity.importance = importance_of(file);
  row.identity.tensors = file.tensors().size();
  add_figures(row, file, shape);
  row.factors.quant = quant_of(file, asked);
  row.factors.model = model_without_quant(asked, row.factors.quant);
  row.factors.kv_type = quant(options.kv_type).name;
  row.factors.threads = options.threads > 0 ? std::to_string(options.threads) : "";
  EngineOptions least = options;
  least.ctx = 1;
  const Plan first = plan_for(file, least);
  row.factors.device = first.backend;
  row[Metric::kv_token] = planned(Unit::bytes, static_cast<double>(first.kv_token_bytes));
  for (const std::int64_t context : contexts)
    row.memory.push_back(memory_at(file, options, context, first.trained_ctx));
  return row;
}

}  // namespace glim::app::report
