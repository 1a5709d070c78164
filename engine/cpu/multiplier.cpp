#include "engine/cpu/multiplier.h"

namespace glim::cpu {

void Multiplier::reserve_for(std::int64_t cols) {
  for (const Memory& memory : {own_memory(), gate_memory()}) {
    reserve(memory.weights, decoded_values(cols));
    reserve(memory.products, kProducts);
    if (kernels_.encode != nullptr) reserve(memory.panels, std::max(kManyBlocks, panel_blocks(cols)));
  }
}

std::uint64_t Multiplier::reserved_bytes(const Kernels& kernels, std::int64_t cols) {
  std::uint64_t bytes = static_cast<std::uint64_t>(decoded_values(cols) + kProducts) * sizeof(float);
  if (kernels.encode != nullptr) {
    bytes += static_cast<std::uint64_t>(std::max(kManyBlocks, panel_blocks(cols))) * sizeof(PanelBlock);
  }
  return 2 * bytes;
}

float* Multiplier::tile(const Tensor& matrix, const Place& place, const Inputs& inputs, Memory memory) {
  const std::int64_t count = width(place.block, place.coded) * place.part.size();
  float* out = reserve(memory.products, count);
  if (place.coded) {
    multiply_coded(matrix, place, inputs.coded, memory);
  } else if (is_direct(matrix, inputs)) {
    const Range block = place.block;
    const WeightRows weights{matrix.host_row(block.first), matrix.stride(), block.size(), matrix.cols};
    kernels_.format(matrix.type).multiply(weights, inputs.floats.row(0), out);
  } else {
    multiply_decoded(matrix, place, inputs.floats, memory);
  }
  if (const float scale = matrix.scale(); scale != 1) {
    for (std::int64_t i = 0; i < count; ++i) out[i] *= scale;
  }
  return out;
}

void Multiplier::multiply_decoded(const Tensor& matrix, const Place& place, const InputRows& inputs,
                                  Memory memory) {
  const auto& [block, part, coded] = place;
  const float* decoded = matrix.floats(block.first);
  if (matrix.type != QuantType::f32) {
    float* target = reserve(memory.weights, block.size() * matrix.cols);
    const WeightRows weights{matrix.host_row(block.first), matrix.stride(), block.size(), matrix.cols};
    if (part.first == 0) kernels_.format(matrix.type).decode(weights, target);
    decoded = target;
  }
  InputRows some = inputs;
  some.count = part.size();
  if (some.index != nullptr) {
    some.index += part.first;
  } else {
    some.base += some.stride * part.first;
  }
  kernels_.products({decoded, matrix.cols, block.size(), matrix.cols}, some, memory.products.data(),
                    block.size());
}

void Multiplier::multiply_coded(const Tensor& matrix, const Place& place, const CodedInputs& inputs,
                                Memory memory) {
  const PanelKernels& kernels = kernels_.panel(matrix.type);
  const auto& [block, part, coded] = place;
  const std::int64_t stride = width(block, true), blocks = panel_blocks(matrix.cols);
  const bool few = inputs.count <= kFewInputs;
  const std::int64_t together = few ? kFewBlocks : blocks;
  CodedInputs some = inputs;
  some.count = part.size();
  if (some.index != nullptr) {
    some.index += part.first;
  } else {
    some.rows.first = some.rows.row(part.first);
  }
  std::fill_n(memory.products.data(), stride * part.size(), 0.0f);
  PanelBlock* panels = reserve(memory.panels, few ? together : stride / kPanelRows * blocks);
  for (std::int64_t r = 0; r < block.size(); r += kPanelRows) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(kPanelRows, block.size() - r));
    PanelBlock* panel = few ? panels : panels + r / kPanelRows * blocks;
    for (std::int64_t first = 0; first < blocks; first += together) {
      const std::int64_t count = std::min(together, blocks - first), col = first * kPanelCols;
      for (std::int64_t b = 0; part.first == 0 && b < count; ++b) {
        const std::int64_t at = col + b * kPanelCols;
        const std::byte* start = matrix.host_row(block.first + r) + row_bytes(matrix.type, at);
        kernels.unpack({start, matrix.stride(), rows, matrix.cols - at}, panel[b]);
      }
      const std::int64_t cols = std::min(count * kPanelCols, matrix.cols - col);
      kernels.multiply({.blocks = panel,
                        .cols = cols,
                        .col = some.col + col,
                        .out = memory.products.data() + r,
                        .stride = stride,
                        .zero = kernels.zero,
                        .both = kernels.fine || !eight_bits_},
                       some);
    }
  }
}

}  // namespace glim::cpu
