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
  std::uint64_t bytes() const {
    std::size_t values = 0;
    for (const auto* part : {&weights, &gate_weights, &products, &gate_products, &tile, &scores})
      values += part->capacity();
    return values * sizeof(float);
  }
};

/// At least `count` floats.
inline float* reserve(std::vector<float>& memory, std::int64_t count) {
  if (std::ssize(memory) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

/// Multiplies rows of weight matrices with input rows, on one thread. A single input is multiplied with the
/// weights as they lie in the file; for several, each weight row is decoded once. Both give the same bits.
class Multiplier {
 public:
  Multiplier(const Kernels& kernels, Workspace& workspace) : kernels_(kernels), workspace_(workspace) {}

  /// Takes the memory that weights with rows of up to `cols` values need.
  void reserve_for(std::int64_t cols) {
    for (auto* weights : {&workspace_.weights, &workspace_.gate_weights}) {
      reserve(*weights, decoded_values(cols));
    }
    for (auto* products : {&workspace_.products, &workspace_.gate_products}) {
      reserve(*products, kProducts);
    }
  }
  /// Values that it takes.
  static std::int64_t reserved_values(std::int64_t cols) { return 2 * (decoded_values(cols) + kProducts); }

  /// Calls sink(i, first, products) with the products of input row i and consecutive weight rows from `first`
  /// on, until all of `rows` have been covered for all inputs.
  template <typename Sink>
  void products(const Tensor& matrix, Range rows, const InputRows& inputs, const Sink& sink) {
    each_tile(block_rows({&matrix}, inputs), rows, inputs, [&](Range block, Range part) {
      const float* out = tile(matrix, block, inputs, part, {workspace_.weights, workspace_.products});
      for (std::int64_t i = part.first; i < part.last; ++i, out += block.size()) {
        sink(i, block.first, std::span(out, static_cast<std::size_t>(block.size())));
      }
    });
  }

  /// The same with silu(gate · x) * (up · x) in place of the products.
  template <typename Sink>
  void gated(const Tensor& gate, const Tensor& up, Range rows, const InputRows& inputs, const Sink& sink) {
    each_tile(block_rows({&gate, &up}, inputs), rows, inputs, [&](Range block, Range part) {
      float* gates = tile(gate, block, inputs, part, {workspace_.gate_weights, workspace_.gate_products});
      const float* ups = tile(up, block, inputs, part, {workspace_.weights, workspace_.products});
      kernels_.gate(gates, ups, block.size() * part.size(), gates);
      for (std::int64_t i = part.first; i < part.last; ++i, gates += block.size()) {
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
  static constexpr std::int64_t kProducts = std::max(kDirectRows, kMostRows* kInputs);

  static std::int64_t decoded_values(std::int64_t cols) { return std::max(kDecoded, kFewestRows * cols); }

  struct Memory {
    std::vector<float>& weights;
    std::vector<float>& products;
  };

  /// Whether the rows are multiplied as they lie in the file.
  bool is_direct(const Tensor& matrix, const InputRows& inputs) const {
    return inputs.count == 1 && kernels_.format(matrix.type).multiply != nullptr;
  }

  /// Rows of the matrices, which have the same width, that make up one tile.
  std::int64_t block_rows(std::initializer_list<const Tensor*> matrices, const InputRows& inputs) const {
    const auto direct = [&](const Tensor* matrix) { return is_direct(*matrix, inputs); };
    if (std::all_of(matrices.begin(), matrices.end(), direct)) return kDirectRows;
    const std::int64_t cols = (*matrices.begin())->cols;
    return std::clamp(kDecoded / cols / 4 * 4, kFewestRows, kMostRows);
  }

  template <typename Use>
  static void each_tile(std::int64_t height, Range rows, const InputRows& inputs, const Use& use) {
    for (std::int64_t first = rows.first; first < rows.last; first += height) {
      const Range block{first, std::min(first + height, rows.last)};
      for (std::int64_t i = 0; i < inputs.count; i += kInputs) {
        use(block, Range{i, std::min(i + kInputs, inputs.count)});
      }
    }
  }

  /// Products [part.size(), block.size()]. The first part of the inputs decodes the weights for the others.
  float* tile(const Tensor& matrix, Range block, const InputRows& inputs, Range part, Memory memory);
  void multiply_decoded(const Tensor& matrix, Range block, const InputRows& inputs, Range part,
                        Memory memory);

  const Kernels& kernels_;
  Workspace& workspace_;
};

}  // namespace glim::cpu
