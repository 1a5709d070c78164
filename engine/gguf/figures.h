#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/gguf/gguf_file.h"

namespace glim {

/// Weights of one storage format together.
struct TypeTotal {
  QuantType type;
  std::size_t tensors = 0;
  std::uint64_t values = 0;
  std::uint64_t bytes = 0;
};

/// Cost of the KV cache in one format.
struct KvFigure {
  QuantType type;
  std::uint64_t token_bytes;                   ///< of all layers together
  std::optional<std::uint64_t> context_bytes;  ///< at the context that the model was trained for
};

/// What a header tells about a model's size and cost, for any architecture whose keys follow the usual names.
/// Blocks that predict further tokens count in the totals but not as active.
struct ModelFigures {
  std::uint64_t parameters = 0;
  std::uint64_t tensor_bytes = 0;
  /// Parameters that take part in computing one token: of the experts those that the router chooses, of the
  /// embedding nothing unless it is the output head too.
  std::uint64_t active_parameters = 0;
  std::uint64_t token_bytes = 0;        ///< of weights read to decode one token, its embedding row included
  std::vector<TypeTotal> types;         ///< most bytes first
  std::optional<std::int64_t> context;  ///< tokens that the model was trained for
  std::vector<KvFigure> kv;             ///< formats that fit the cached rows; empty when the keys do not tell
  double bits_per_weight() const;       ///< 0 without weights
};

/// Never throws for what a file states: keys that are missing, odd or of the wrong type leave figures out.
ModelFigures figures(const GgufFile& file);

/// Place of a tensor `blk.N.REST`; empty for other names.
struct BlockName {
  std::int64_t block;
  std::string_view rest;  ///< ".attn_norm.weight"
};
std::optional<BlockName> block_name(std::string_view tensor);

}  // namespace glim
