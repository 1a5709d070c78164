#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/model_name.h"
#include "engine/engine.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app {

/// The memory that plans are made for.
struct FitMemory {
  std::uint64_t bytes = 0;
  bool device = false;  ///< a device that was named; else what is free on this machine
};

/// What is to be held besides the weights.
struct FitCase {
  std::int32_t ctx = 0;  ///< tokens of one conversation
  QuantType kv_type = QuantType::f16;
  std::int32_t parallel = 1;
  std::optional<std::int32_t> cpu_moe_layers = {};  ///< as in EngineOptions, instead of what all plans share
};

/// One model whose plans are asked for again and again. Opens the file, or makes the header of the shape,
/// once.
class FitModel {
 public:
  /// `base` has what all plans share: the model's resolved name, backend, threads, rows of a step. Throws
  /// what opening the model throws, and E110-E113 when it is none.
  FitModel(std::string name, EngineOptions base);

  const std::string& name() const { return name_; }
  const GgufFile& file() const { return *file_; }
  const ModelFigures& figures() const { return figures_; }
  const EngineOptions& base() const { return base_; }
  std::int32_t trained_ctx() const { return trained_ctx_; }
  std::uint64_t weight_bytes() const { return weight_bytes_; }

  /// The engine's own plan. Throws E603 for a context beyond the trained one or a KV type that cannot hold
  /// the model's rows.
  Plan plan(const FitCase& wanted, const FitMemory& memory) const;

  /// The longest context, in whole blocks of the cache, with which everything is in memory; empty: none is.
  std::optional<std::int32_t> longest_context(const FitCase& wanted, const FitMemory& memory) const;

 private:
  std::string name_;
  EngineOptions base_;
  std::unique_ptr<GgufFile> file_;
  ModelFigures figures_;
  std::int32_t trained_ctx_ = 0;
  std::uint64_t weight_bytes_ = 0;
};

/// Everything is in memory.
bool is_held(const Plan& plan);

/// A change with which everything is in memory, and the plan that says so.
struct Remedy {
  std::string kind;   ///< "context", "kv_type", "parallel", "cpu_moe_layers", "model"
  std::string value;  ///< "-c 32768", "--kv-type q8_0", the name of a model
  FitCase wanted;
  Plan plan;
};

/// One change at a time, the smallest of each kind: less context, a KV type of fewer bits, fewer
/// conversations, experts left to the processor, the next smaller file in the same folder or file type of the
/// same shape. Every one has been planned.
std::vector<Remedy> remedies(const FitModel& model, const FitCase& wanted, const FitMemory& memory,
                             const ModelPlaces& places);

}  // namespace glim::app
