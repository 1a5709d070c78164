#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/convert/hf_config.h"
#include "engine/convert/weight_matrix.h"

namespace glim {

/// Some rows of a matrix, to be written one after another, or column by column as rows.
struct TensorPiece {
  const WeightMatrix* matrix;
  std::int64_t first, rows;
  bool transposed = false;
  std::int64_t out_rows() const { return transposed ? matrix->cols() : rows; }
  std::int64_t out_cols() const { return transposed ? rows : matrix->cols(); }
};

/// A tensor of the GGUF file. Either its pieces follow each other, or it holds `values`.
struct PlannedTensor {
  std::string name;
  std::vector<std::int64_t> shape = {};  ///< fastest varying first
  QuantType type = QuantType::f32;
  bool carried = false;  ///< the pieces' stored codes go over; else they are decoded and rounded
  std::vector<TensorPiece> pieces = {};
  std::vector<float> values = {};
  std::int64_t count() const;  ///< of values
};

/// Every tensor of the file in its order, with the matrices that they come from.
struct TensorPlan {
  std::vector<PlannedTensor> tensors;
  std::vector<std::unique_ptr<WeightMatrix>> matrices;
  std::size_t left_out = 0;  ///< tensors of the layers that predict further tokens
};

struct PlanOptions {
  std::optional<QuantType> type;   ///< of all matrices; empty keeps what the checkpoint has
  bool prediction_layers = false;  ///< include those that predict further tokens
};

/// Maps the tensors of a checkpoint to those of a deepseek2 file and opens them. Throws Error E112 naming a
/// tensor that is missing, has another shape than `config` says, or has no place in the file, and what
/// WeightReader throws.
TensorPlan plan_tensors(const Checkpoint& checkpoint, const HfConfig& config, const PlanOptions& options);

}  // namespace glim
