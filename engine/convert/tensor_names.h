#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/convert/hf_config.h"

namespace glim {

/// How a tensor of the GGUF file comes about.
enum class TensorRole : std::uint8_t {
  matrix,   ///< as in the checkpoint
  exact,    ///< small and sensitive: norms and the router, always F32
  bias,     ///< a tensor with its full name in the checkpoint, F32
  queries,  ///< a matrix whose rows end, for every head, in those that are rotated
  latent,   ///< a matrix whose last rows are rotated
  keys,     ///< of the joint key and value matrix the key rows, transposed head by head
  values,   ///< of the same the value rows
  experts,  ///< one matrix per expert, stacked
};

/// Which layers have it.
enum class TensorPlace : std::uint8_t {
  all,
  with_query_rank,
  without_query_rank,
  dense,
  experts,
  shared,
  prediction
};

struct LayerTensor {
  std::string_view gguf;  ///< behind "blk.N."
  std::string_view hf;    ///< behind "model.layers.N."; '*' stands for the number of the expert
  TensorRole role;
  TensorPlace place;
  std::int64_t (*cols)(const HfConfig&);  ///< of the matrix in the checkpoint
  std::int64_t (*rows)(const HfConfig&);
  bool optional = false;
};

std::span<const LayerTensor> layer_tensors();

/// Whether layer `layer` has a tensor of this place. Layers behind the last one predict further tokens.
bool has_tensor(const HfConfig& config, std::int64_t layer, TensorPlace place);

}  // namespace glim
