#include "engine/convert/tensor_plan.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/tensor_names.h"

namespace glim {
namespace {

constexpr std::string_view kLayers = "model.layers.";

/// What may lie beside the weights without being one: tables that are computed anew, scales of a cache in
/// eight bits.
constexpr std::array<std::string_view, 4> kHarmless = {".rotary_emb.inv_freq", ".k_scale", ".v_scale",
                                                       ".q_scale"};

/// The layer that a name of the checkpoint belongs to.
std::optional<std::int64_t> layer_of(std::string_view name) {
  if (!name.starts_with(kLayers)) return std::nullopt;
  name.remove_prefix(kLayers.size());
  std::int64_t layer = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (end.ec != std::errc() || end.ptr == name.data() + name.size() || *end.ptr != '.') return std::nullopt;
  return layer;
}

class Planner {
 public:
  Planner(const Checkpoint& checkpoint, const HfConfig& config, const PlanOptions& options)
      : reader_(checkpoint), config_(config), options_(options) {}

  TensorPlan plan() {
    if (options_.prediction_layers && config_.prediction_layers == 0)
      fail("the model has no layer that predicts further tokens; leave --mtp out");
    add_matrix("token_embd.weight", "model.embed_tokens", config_.width, config_.vocabulary);
    add_exact("output_norm.weight", reader_.open("model.norm"), config_.width, 1);
    if (!config_.tied) add_matrix("output.weight", "lm_head", config_.width, config_.vocabulary);
    const std::int64_t layers = config_.layers + (options_.prediction_layers ? config_.prediction_layers : 0);
    for (std::int64_t layer = 0; layer < layers; ++layer) add_layer(layer);
    check_unused(layers);
    return std::move(plan_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::E112, printable(reader_.checkpoint().folder().string()) + ": " + what);
  }

  void check_unused(std::int64_t layers) {
    std::vector<std::string_view> strange;
    for (const std::string_view name : reader_.unused()) {
      const auto layer = layer_of(name);
      if (layer && *layer >= layers) {
        ++plan_.left_out;
      } else if (std::none_of(kHarmless.begin(), kHarmless.end(),
                              [name](std::string_view end) { return name.ends_with(end); }) &&
                 !(config_.tied && name.starts_with("lm_head."))) {
        strange.push_back(name);
      }
    }
    if (strange.empty()) return;
    fail(strf("no place is known for the tensor %s%s; without it the model would compute something else",
              printable(strange.front()).c_str(),
              strange.size() == 1 ? "" : strf(" and %zu more", strange.size() - 1).c_str()));
  }

  const WeightMatrix* keep(std::unique_ptr<WeightMatrix> matrix, const std::string& name, std::int64_t cols,
                           std::int64_t rows) {
    if (matrix->cols() != cols || matrix->rows() != rows)
      fail(
          strf("the weight %s has %lld rows of %lld values, but config.json means %lld of %lld; fetch both "
               "again",
               printable(name).c_str(), static_cast<long long>(matrix->rows()),
               static_cast<long long>(matrix->cols()), static_cast<long long>(rows),
               static_cast<long long>(cols)));
    return plan_.matrices.emplace_back(std::move(matrix)).get();
  }

  void add_exact(const std::string& name, std::unique_ptr<WeightMatrix> opened, std::int64_t cols,
                 std::int64_t rows) {
    const WeightMatrix* matrix = keep(std::move(opened), name, cols, rows);
    PlannedTensor tensor{.name = name, .shape = {cols}, .pieces = {{matrix, 0, rows}}};
    if (rows > 1) tensor.shape.push_back(rows);
    tensor.carried = matrix->carried() == QuantType::f32;
    plan_.tensors.push_back(std::move(tensor));
  }

  void add_matrix(const std::string& name, const std::string& base, std::int64_t cols, std::int64_t rows) {
    const WeightMatrix* matrix = keep(reader_.open(base), base, cols, rows);
    add({.name = name, .shape = {cols, rows}, .pieces = {{matrix, 0, rows}}});
  }

  void add_layer(std::int64_t layer) {
    const std::string blk = strf("blk.%lld.", static_cast<long long>(layer));
    const std::string model = std::string(kLayers) + std::to_string(layer) + ".";
    for (const LayerTensor& row : layer_tensors()) {
      if (!has_tensor(config_, layer, row.place)) continue;
      const std::string name = blk + std::string(row.gguf), base = model + std::string(row.hf);
      if (row.optional && !reader_.has(base) && reader_.checkpoint().tensor(base) == nullptr) continue;
      add_layer_tensor(row, name, base);
    }
  }

  void add_layer_tensor(const LayerTensor& row, const std::string& name, const std::string& base) {
    const std::int64_t cols = row.cols(config_), rows = row.rows(config_);
    switch (row.role) {
      case TensorRole::exact:
        return add_exact(name, reader_.open(base), cols, rows);
      case TensorRole::bias:
        return add_exact(name, reader_.open_plain(base), cols, rows);
      case TensorRole::experts:
        return add_experts(name, base, cols, rows);
      case TensorRole::keys:
      case TensorRole::values:
        return add_half(row.role, name, keep(reader_.open(base), base, cols, rows));
      case TensorRole::matrix:
        return add_matrix(name, base, cols, rows);
      case TensorRole::queries:
      case TensorRole::latent:
        break;
    }
    const WeightMatrix* matrix = keep(reader_.open(base), base, cols, rows);
    const std::int64_t group = row.role == TensorRole::queries ? config_.nope + config_.rope : rows;
    add({.name = name, .shape = {cols, rows}, .pieces = rotated(matrix, group)});
  }

  /// The rows in the order in which neighbours rotate together; the last ones of each group do.
  std::vector<TensorPiece> rotated(const WeightMatrix* matrix, std::int64_t group) const {
    if (config_.adjacent_pairs) return {{matrix, 0, matrix->rows()}};
    std::vector<TensorPiece> out;
    for (std::int64_t first = 0; first < matrix->rows(); first += group) {
      const std::int64_t still = group - config_.rope, half = config_.rope / 2;
      out.push_back({matrix, first, still});
      for (std::int64_t i = 0; i < half; ++i) {
        out.push_back({matrix, first + still + i, 1});
        out.push_back({matrix, first + still + half + i, 1});
      }
    }
    return out;
  }

  /// Each head has its key rows and then its value rows. Keys are multiplied the other way round, so that
  /// they can be applied to the query.
  void add_half(TensorRole role, const std::string& name, const WeightMatrix* joint) {
    const bool keys = role == TensorRole::keys;
    const std::int64_t nope = config_.nope, value = config_.value, rank = config_.latent_rank;
    PlannedTensor tensor{.name = name};
    tensor.shape = keys ? std::vector{nope, rank, config_.heads} : std::vector{rank, value, config_.heads};
    for (std::int64_t head = 0; head < config_.heads; ++head) {
      const std::int64_t first = head * (nope + value);
      tensor.pieces.push_back(keys ? TensorPiece{joint, first, nope, true}
                                   : TensorPiece{joint, first + nope, value});
    }
    add(std::move(tensor));
  }

  void add_experts(const std::string& name, const std::string& pattern, std::int64_t cols,
                   std::int64_t rows) {
    PlannedTensor tensor{.name = name, .shape = {cols, rows, config_.experts}};
    const std::size_t star = pattern.find('*');
    for (std::int64_t expert = 0; expert < config_.experts; ++expert) {
      const std::string base = pattern.substr(0, star) + std::to_string(expert) + pattern.substr(star + 1);
      tensor.pieces.push_back({keep(reader_.open(base), base, cols, rows), 0, rows});
    }
    add(std::move(tensor));
  }

  /// The one format in which all pieces are stored, if there is one.
  static std::optional<QuantType> stored_type(const PlannedTensor& tensor) {
    const auto type = tensor.pieces.front().matrix->carried();
    for (const TensorPiece& piece : tensor.pieces)
      if (piece.matrix->carried() != type) return std::nullopt;
    return type;
  }

  /// The format wished for, or the best that is left where rows are not whole blocks of it.
  static QuantType fitting(QuantType wanted, std::int64_t cols) {
    for (const QuantType type : {wanted, QuantType::q8_0})
      if (cols % quant(type).block_values == 0) return type;
    return QuantType::bf16;
  }

  void add(PlannedTensor tensor) {
    const auto stored = stored_type(tensor);
    const bool transposed = tensor.pieces.front().transposed;
    const bool is_float = stored && quant(*stored).block_values == 1;
    tensor.type = transposed && !is_float ? QuantType::bf16 : stored.value_or(QuantType::bf16);
    if (options_.type) tensor.type = fitting(*options_.type, tensor.shape[0]);
    tensor.carried = !transposed && stored == tensor.type;
    PlannedTensor scale = tensor.carried ? scale_of(tensor) : PlannedTensor();
    plan_.tensors.push_back(std::move(tensor));
    if (!scale.values.empty()) plan_.tensors.push_back(std::move(scale));
  }

  /// The factors that codes carried over need, one for all or one per expert. Decoding has applied them.
  PlannedTensor scale_of(const PlannedTensor& tensor) const {
    PlannedTensor scale;
    scale.name = tensor.name.substr(0, tensor.name.rfind('.')) + ".scale";
    for (const TensorPiece& piece : tensor.pieces) scale.values.push_back(piece.matrix->factor());
    const bool same = std::all_of(tensor.pieces.begin(), tensor.pieces.end(), [&](const TensorPiece& piece) {
      return piece.matrix == tensor.pieces.front().matrix;
    });
    if (same) scale.values.resize(1);
    if (std::all_of(scale.values.begin(), scale.values.end(), [](float value) { return value == 1; }))
      scale.values.clear();
    scale.shape = {static_cast<std::int64_t>(scale.values.size())};
    return scale;
  }

  WeightReader reader_;
  const HfConfig& config_;
  PlanOptions options_;
  TensorPlan plan_;
};

}  // namespace

std::int64_t PlannedTensor::count() const {
  std::int64_t out = 1;
  for (const std::int64_t size : shape) out *= size;
  return out;
}

TensorPlan plan_tensors(const Checkpoint& checkpoint, const HfConfig& config, const PlanOptions& options) {
  return Planner(checkpoint, config, options).plan();
}

}  // namespace glim
