#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/cpu/kernels.h"
#include "engine/tensor/tensor.h"

namespace glim::cpu {

/// Memory of one thread, grown on first use.
struct Workspace {
  std::vector<float> weights, gate_weights;  ///< a few decoded rows
  std::vector<float> products, gate_products;
  std::vector<float> tile, scores;  ///< of attention
  std::vector<PanelBlock> panels, gate_panels;
  std::vector<std::byte> row;  ///< of an interleaved matrix, in file layout
  std::vector<float> normed;   ///< input rows that this thread norms and codes for itself
  std::vector<std::byte> codes[2];
  std::uint64_t bytes() const {
    std::size_t values = 0;
    for (const auto* part : {&weights, &gate_weights, &products, &gate_products, &tile, &scores, &normed})
      values += part->capacity();
    return row.capacity() + codes[0].capacity() + codes[1].capacity() + values * sizeof(float) +
           (panels.capacity() + gate_panels.capacity()) * sizeof(PanelBlock);
  }
};

/// At least `count` of them.
template <typename Value>
Value* reserve(std::vector<Value>& memory, std::int64_t count) {
  if (std::ssize(memory) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

/// Input rows as floats and, where `coded` has rows, the same rows as codes.
struct Inputs {
  InputRows floats;
  CodedInputs coded;

  /// All rows from column `col` on.
  Inputs from(std::int64_t col) const {
    Inputs out = *this;
    out.floats.base += col;
    out.coded.col += col;
    if (col % kGroup != 0) out.coded = {};
    return out;
  }

  /// Only the rows that `index` names.
  void choose(const std::int32_t* index, std::int64_t count) {
    floats.index = coded.index = index;
    floats.count = coded.count = count;
  }
};

/// Multiplies rows of weight matrices with input rows, on one thread. Where inputs come as codes and the
/// format has panels, bytes are multiplied (panel.h); otherwise floats, a single input with the weights as
/// they lie in the file and several with rows that are decoded once. Either way an input has the same
/// products whichever others are beside it.
class Multiplier {
 public:
  /// With `eight_bits` only the upper codes of activations count, except for formats that are finer than
  /// that.
  Multiplier(const Kernels& kernels, Workspace& workspace, bool eight_bits = false)
      : kernels_(kernels), workspace_(workspace), eight_bits_(eight_bits) {}

  /// Takes the memory that weights with rows of up to `cols` values need.
  void reserve_for(std::int64_t cols);
  /// Bytes that it takes.
  static std::uint64_t reserved_bytes(const Kernels& kernels, std::int64_t cols);

  /// Rows of a matrix as floats; `out` is [rows.size(), cols].
  void decode(const Tensor& matrix, Range rows, float* out);

  /// Calls sink(i, first, products) with the products of input row i and consecutive weight rows from `first`
  /// on, until all of `rows` have been covered for all inputs.
  template <typename Sink>
  void products(const Tensor& matrix, Range rows, const Inputs& inputs, const Sink& sink) {
    const bool coded = is_coded(matrix, inputs);
    each_tile(block_rows({&matrix}, inputs, coded), rows, inputs, [&](Range block, Range part) {
      const float* out = tile(matrix, {block, part, coded}, inputs, own_memory());
      for (std::int64_t i = part.first; i < part.last; ++i, out += width(block, coded)) {
        sink(i, block.first, std::span(out, static_cast<std::size_t>(block.size())));
      }
    });
  }

  /// The same with silu(gate · x) * (up · x) in place of the products.
  template <typename Sink>
  void gated(const Tensor& gate, const Tensor& up, Range rows, const Inputs& inputs, const Sink& sink) {
    const bool coded = is_coded(gate, inputs) || is_coded(up, inputs);
    each_tile(block_rows({&gate, &up}, inputs, coded), rows, inputs, [&](Range block, Range part) {
      float* gates = tile(gate, {block, part, coded}, inputs, gate_memory());
      const float* ups = tile(up, {block, part, coded}, inputs, own_memory());
      kernels_.gate(gates, ups, width(block, coded) * part.size(), gates);
      for (std::int64_t i = part.first; i < part.last; ++i, gates += width(block, coded)) {
        sink(i, block.first, std::span<const float>(gates, static_cast<std::size_t>(block.size())));
      }
    });
  }

 private:
  static constexpr std::int64_t kInputs =
      48;  ///< input rows of one tile; their products stay in the L1 cache
  static constexpr std::int64_t kDirectRows = 256;   ///< weight rows of one tile of a single input
  static constexpr std::int64_t kDecoded = 1 << 14;  ///< floats of decoded weights that stay in the L2 cache
  static constexpr std::int64_t kFewestRows = 4, kMostRows = 64;  ///< decoded together
  static constexpr std::int64_t kProducts = std::max(kDirectRows, kMostRows) * kInputs / 4;
  static constexpr std::int64_t kFewInputs = 8;  ///< up to here blocks of panels go from the L1 cache at once
  static constexpr std::int64_t kFewBlocks = 2;  ///< of a panel, at a time
  static constexpr std::int64_t kManyBlocks = 32;  ///< of several panels, for the L2 cache
  static_assert(kProducts >= kDirectRows * kFewInputs && kProducts >= kMostRows * kInputs);

  static std::int64_t decoded_values(std::int64_t cols) { return std::max(kDecoded, kFewestRows * cols); }
  static std::int64_t panel_blocks(std::int64_t cols) { return (cols + kPanelCols - 1) / kPanelCols; }

  struct Memory {
    std::vector<float>& weights;
    std::vector<float>& products;
    std::vector<PanelBlock>& panels;
  };
  Memory own_memory() { return {workspace_.weights, workspace_.products, workspace_.panels}; }
  Memory gate_memory() { return {workspace_.gate_weights, workspace_.gate_products, workspace_.gate_panels}; }

  /// Weight rows times inputs that are worked on together.
  struct Place {
    Range block, part;
    bool coded;  ///< by one of the matrices, so that products come in whole panels
  };
  /// Products of one input of a tile.
  static std::int64_t width(Range block, bool coded) {
    return coded ? (block.size() + kPanelRows - 1) / kPanelRows * kPanelRows : block.size();
  }

  bool is_coded(const Tensor& matrix, const Inputs& inputs) const {
    return inputs.coded.rows.first != nullptr && matrix.cols % kGroup == 0 &&
           kernels_.panel(matrix.type).unpack != nullptr;
  }
  /// Whether the rows are multiplied as they lie in the file.
  bool is_direct(const Tensor& matrix, const Inputs& inputs) const {
    return inputs.floats.count == 1 && !matrix.interleaved &&
           kernels_.format(matrix.type).multiply != nullptr;
  }

  /// Rows of the matrices, which have the same width, that make up one tile.
  std::int64_t block_rows(std::initializer_list<const Tensor*> matrices, const Inputs& inputs,
                          bool coded) const {
    const std::int64_t cols = (*matrices.begin())->cols;
    if (coded) {
      if (inputs.floats.count <= kFewInputs) return kDirectRows;
      return std::clamp<std::int64_t>(kManyBlocks / panel_blocks(cols), 1, kMostRows / kPanelRows) *
             kPanelRows;
    }
    const auto direct = [&](const Tensor* matrix) { return is_direct(*matrix, inputs); };
    if (std::all_of(matrices.begin(), matrices.end(), direct)) return kDirectRows;
    return std::clamp(kDecoded / cols / 4 * 4, kFewestRows, kMostRows);
  }

  template <typename Use>
  static void each_tile(std::int64_t height, Range rows, const Inputs& inputs, const Use& use) {
    for (std::int64_t first = rows.first; first < rows.last; first += height) {
      const Range block{first, std::min(first + height, rows.last)};
      for (std::int64_t i = 0; i < inputs.floats.count; i += kInputs) {
        use(block, Range{i, std::min(i + kInputs, inputs.floats.count)});
      }
    }
  }

  /// Products [part.size(), width]. The first part of the inputs decodes the weights for the others.
  float* tile(const Tensor& matrix, const Place& place, const Inputs& inputs, Memory memory);
  void multiply_decoded(const Tensor& matrix, const Place& place, const InputRows& inputs, Memory memory);
  void multiply_coded(const Tensor& matrix, const Place& place, const CodedInputs& inputs, Memory memory);

  const Kernels& kernels_;
  Workspace& workspace_;
  const bool eight_bits_;
};

}  // namespace glim::cpu
