#pragma once

#include <algorithm>
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

  /// Calls sink(i, first, products) with the products of input row i and consecutive weight rows from `first`
  /// on, until all of `rows` have been covered for all inputs.
  template <typename Sink>
  void products(const Tensor& matrix, Range rows, const InputRows& inputs, const Sink& sink) {
    each_tile(matrix.cols, rows, inputs, [&](Range block, Range part) {
      const float* out = tile(matrix, block, inputs, part, {workspace_.weights, workspace_.products});
      for (std::int64_t i = part.first; i < part.last; ++i, out += block.size()) {
        sink(i, block.first, std::span(out, static_cast<std::size_t>(block.size())));
      }
    });
  }

  /// The same with silu(gate · x) * (up · x) in place of the products.
  template <typename Sink>
  void gated(const Tensor& gate, const Tensor& up, Range rows, const InputRows& inputs, const Sink& sink) {
    each_tile(gate.cols, rows, inputs, [&](Range block, Range part) {
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

  struct Memory {
    std::vector<float>& weights;
    std::vector<float>& products;
  };

  static std::int64_t block_rows(std::int64_t cols, const InputRows& inputs) {
    if (inputs.count == 1) return kDirectRows;
    return std::clamp<std::int64_t>(kDecoded / cols / 4 * 4, 4, 64);
  }

  template <typename Use>
  static void each_tile(std::int64_t cols, Range rows, const InputRows& inputs, const Use& use) {
    const std::int64_t height = block_rows(cols, inputs);
    for (std::int64_t first = rows.first; first < rows.last; first += height) {
      const Range block{first, std::min(first + height, rows.last)};
      for (std::int64_t i = 0; i < inputs.count; i += kInputs) {
        use(block, Range{i, std::min(i + kInputs, inputs.count)});
      }
    }
  }

  /// Products [part.size(), block.size()]. The first part of the inputs decodes the weights for the others.
  float* tile(const Tensor& matrix, Range block, const InputRows& inputs, Range part, Memory memory);

  const Kernels& kernels_;
  Workspace& workspace_;
};

}  // namespace glim::cpu
