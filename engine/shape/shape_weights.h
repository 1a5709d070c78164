#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/quant/quant_type.h"

namespace glim {

/// Noise that stands for weights: of a size with which activations stay near one, and the same on every run
/// for a tensor's name, row and format. Blocks are quantised once per format and row length and then drawn
/// from by chance, so that filling tens of gigabytes takes no longer than writing them.
class NoiseWeights {
 public:
  /// The rows of one tensor. Valid as long as the NoiseWeights; any thread.
  class Rows {
   public:
    /// Writes one row, counted over all matrices of the tensor; `out` has its length.
    void fill(std::int64_t row, std::span<std::byte> out) const;

   private:
    friend NoiseWeights;
    std::uint64_t seed_ = 0;
    std::span<const std::byte> pieces_;
    std::size_t piece_bytes_ = 0;
  };

  /// Rows of `columns` values in the format `type` for the tensor `name`. Throws E501 for a format that
  /// cannot be written. One thread.
  Rows rows(std::string_view name, std::int64_t columns, QuantType type);

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
