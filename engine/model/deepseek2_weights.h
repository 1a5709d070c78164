#pragma once

#include <vector>

#include "engine/model/weight_list.h"

namespace glim {

/// Weights of the deepseek2 family: multi-head latent attention, leading dense layers, then mixtures of
/// experts.
struct DeepSeek2Weights {
  struct Layer {
    AttentionWeights attention;
    DenseWeights dense;     ///< of the first ModelConfig::dense_layers layers
    ExpertWeights experts;  ///< of the others
    Tensor kv_b;            ///< k_b and v_b of every head in one, in files made before the absorbed form
    Tensor gate_up;         ///< gate and up of all experts in one, in some files
  };

  Tensor embedding, output_norm, output;
  std::vector<Layer> layers;

  /// Declares every weight in `list`. Throws E112. The object must not move until finish().
  void declare(const ModelConfig& config, WeightList& list);

  /// Memory that finish() takes for so many layers.
  static std::uint64_t derived_bytes(const ModelConfig& config, std::int32_t layers);

  /// After WeightList::load(): derives the weights that the file holds in another form. What that takes is
  /// appended to `storage`. `file` is the one that the weights came from.
  void finish(const ModelConfig& config, const GgufFile& file, Backend& backend,
              WeightList::Storage& storage);
};

}  // namespace glim
