#include "engine/cpu/multiplier.h"

namespace glim::cpu {
namespace {

/// The blocks of a panel, as its rows lie.
class PanelReader {
 public:
  /// The panel of rows that begins `r` rows after the first one of `block`.
  PanelReader(const PanelKernels& kernels, const Tensor& matrix, Range block, std::int64_t r)
      : kernels_(kernels),
        interleaved_(matrix.interleaved),
        rows_{matrix.host_row(block.first + r), matrix.stride(),
              static_cast<int>(std::min<std::int64_t>(kPanelRows, block.size() - r)), matrix.cols},
        block_bytes_(static_cast<std::int64_t>(
            row_bytes(matrix.type, std::min<std::int64_t>(kPanelCols, matrix.cols)))) {}

  void unpack(std::int64_t first, std::int64_t count, PanelBlock* to) const {
    for (std::int64_t b = first; b < first + count; ++b, ++to) {
      const std::int64_t left = rows_.cols - b * kPanelCols;
      if (interleaved_) {
        kernels_.unpack_interleaved(rows_.first + kPanelRows * block_bytes_ * b, left, *to);
      } else {
        kernels_.unpack({rows_.first + block_bytes_ * b, rows_.stride, rows_.rows, left}, *to);
      }
    }
  }

 private:
  const PanelKernels& kernels_;
  bool interleaved_;
  PanelRows rows_;
  std::int64_t block_bytes_;  ///< of a row
};

}  // namespace

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
  if (is_coded(matrix, inputs)) {
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

void Multiplier::decode(const Tensor& matrix, Range rows, float* out) {
  const auto& decode_rows = kernels_.format(matrix.type).decode;
  const std::uint64_t stride = matrix.stride();
  if (!matrix.interleaved) {
    decode_rows({matrix.host_row(rows.first), stride, rows.size(), matrix.cols}, out);
    return;
  }
  std::byte* plain = reserve(workspace_.row, static_cast<std::int64_t>(stride));
  for (std::int64_t r = rows.first; r < rows.last; ++r, out += matrix.cols) {
    const std::int64_t inside = r % kPanelRows;
    take_row(kernels_.panel(matrix.type).order, matrix.host_row(r - inside), static_cast<int>(inside),
             matrix.cols, plain);
    decode_rows({plain, stride, 1, matrix.cols}, out);
  }
}

void Multiplier::multiply_decoded(const Tensor& matrix, const Place& place, const InputRows& inputs,
                                  Memory memory) {
  const auto& [block, part, coded] = place;
  const float* decoded = matrix.floats(block.first);
  if (matrix.type != QuantType::f32) {
    float* target = reserve(memory.weights, block.size() * matrix.cols);
    if (part.first == 0) decode(matrix, block, target);
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
                    width(block, coded));
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
    PanelBlock* panel = few ? panels : panels + r / kPanelRows * blocks;
    const PanelReader reader(kernels, matrix, block, r);
    for (std::int64_t first = 0; first < blocks; first += together) {
      const std::int64_t count = std::min(together, blocks - first), col = first * kPanelCols;
      if (part.first == 0) reader.unpack(first, count, panel);
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
