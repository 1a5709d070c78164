#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/convert/checkpoint.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// What became of rows that went over to a GGUF format without being rounded anew.
enum class Carry {
  exact,       ///< the same values
  rounded,     ///< the same codes; scales or minima rounded to F16
  impossible,  ///< a scale that the format cannot hold
};

/// A matrix of weights as the checkpoint means it, however it is stored there. Vectors have one row. Refers
/// to the Checkpoint; reading from any thread.
class WeightMatrix {
 public:
  WeightMatrix(std::int64_t rows, std::int64_t cols, std::string layout)
      : rows_(rows), cols_(cols), layout_(std::move(layout)) {}
  virtual ~WeightMatrix() = default;

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  const std::string& layout() const { return layout_; }  ///< for people: "BF16", "int4, groups of 32"

  /// Decodes `count` rows from row `first` on.
  virtual void decode(std::int64_t first, std::int64_t count, float* out) const = 0;

  /// The GGUF format that holds the stored codes as they are, if there is one.
  virtual std::optional<QuantType> carried() const { return std::nullopt; }
  /// The rows in that format.
  virtual Carry carry(std::int64_t first, std::int64_t count, std::byte* out) const;
  /// What carried rows are to be multiplied with; decode() has done so.
  virtual float factor() const { return 1; }

 private:
  std::int64_t rows_, cols_;
  std::string layout_;
};

/// The tensors of a checkpoint grouped to matrices by their names: `X.weight`, or what stands in its place
/// when X is quantised. Remembers what it has handed out.
class WeightReader {
 public:
  explicit WeightReader(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  const Checkpoint& checkpoint() const { return checkpoint_; }
  bool has(const std::string& base) const;
  /// The matrix of the linear layer, the norm or the embedding `base`. Throws E112 when it is missing or of
  /// an impossible shape, E111 for layouts that are not supported, E113 for scales that are no scales.
  std::unique_ptr<WeightMatrix> open(const std::string& base);
  /// A single tensor of floats under its full name.
  std::unique_ptr<WeightMatrix> open_plain(const std::string& name);

  /// Names that nobody has asked for, in order.
  std::vector<std::string_view> unused() const;

 private:
  const Checkpoint& checkpoint_;
  std::set<std::string_view> used_;
};

}  // namespace glim
