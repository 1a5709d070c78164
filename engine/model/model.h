#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/gguf/gguf_file.h"
#include "engine/model/config.h"
#include "engine/model/kv_cache.h"
#include "engine/tensor/backend.h"

namespace glim {

/// Called between tensors while a model loads: bytes done of total. Returns false to cancel (the loader
/// throws E901).
using WeightProgress = std::function<bool(std::uint64_t done, std::uint64_t total, std::string_view tensor)>;

/// The largest step: its rows, and how many of them get logits. More rows with logits than that cost memory
/// when they come.
struct StepLimits {
  StepLimits(int all) : rows(all), logits(all) {}  // NOLINT(google-explicit-constructor): all rows get logits
  StepLimits(int all, int with_logits) : rows(all), logits(std::min(all, with_logits)) {}
  int rows, logits;
};

/// Weights plus architecture. Immutable after load; the GgufFile and the Backend outlive it.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelConfig& config() const = 0;

  /// Runs one step: embeds the rows, stores their keys in `cache` and returns logits [wanted.size(),
  /// vocabulary] of the rows named in `wanted` (ascending), valid until the next step. At most max_rows()
  /// rows. `step.rows[i].token` must be below the vocabulary size and every block of `step.blocks` allocated
  /// in `cache`. `step.stop` is looked at between layers.
  virtual std::span<const float> forward(const StepRows& step, std::span<const std::int32_t> wanted,
                                         KvCache& cache) = 0;

  virtual int max_rows() const = 0;
  virtual std::uint64_t weight_bytes() const = 0;
};

/// Checks configuration, tensor names, shapes and types against the file and hands the weights to the
/// backend. Throws E110-E113, E201, E901.
std::unique_ptr<Model> load_model(const GgufFile& file, Backend& backend, StepLimits limits,
                                  const WeightProgress& progress);

/// Bytes that load_model() would give to the backend, and bytes of memory it takes besides: here, and from
/// Backend::reserve() for these sizes. The first throws E112.
std::uint64_t weight_bytes(const GgufFile& file, const ModelConfig& config);
std::uint64_t scratch_bytes(const ModelConfig& config, StepLimits limits);
/// The part of scratch_bytes() that lies in memory of the device alone.
std::uint64_t activation_bytes(const ModelConfig& config, StepLimits limits);
StepSizes step_sizes(const ModelConfig& config, StepLimits limits);

}  // namespace glim
