#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/quantize/recipe.h"

namespace glim {

/// Noise that stands for weights: of a size with which activations stay near one, and the same on every run
/// for a tensor's name, row and format. Blocks are quantised once per format and row length and then drawn
/// from by chance, so that filling tens of gigabytes takes no longer than writing them.
class NoiseWeights {
 public:
  /// Writes one row (counted over all matrices of the tensor) in the format `type`. Throws E501 for a format
  /// that cannot be written.
  void fill(const RecipeTensor& tensor, QuantType type, std::int64_t row, std::span<std::byte> out);

 private:
  enum class Kind : unsigned char { matrix, gain, bias };
  /// Pieces of rows of one kind of tensor.
  struct Pool {
    std::size_t piece_bytes = 0;
    std::vector<std::byte> bytes;
  };
  using Key = std::tuple<QuantType, std::int64_t, Kind>;

  static Kind kind_of(std::string_view name);
  static Pool make_pool(QuantType type, std::int64_t columns, Kind kind);

  std::map<Key, Pool> pools_;
};

}  // namespace glim
