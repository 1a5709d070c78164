#include "engine/cpu/multiplier.h"

namespace glim::cpu {

float* Multiplier::tile(const Tensor& matrix, Range block, const InputRows& inputs, Range part,
                        Memory memory) {
  const std::int64_t count = block.size() * part.size();
  float* out = reserve(memory.products, count);
  if (is_direct(matrix, inputs)) {
    const WeightRows weights{matrix.host_row(block.first), matrix.stride(), block.size(), matrix.cols};
    kernels_.format(matrix.type).multiply(weights, inputs.row(0), out);
  } else {
    multiply_decoded(matrix, block, inputs, part, memory);
  }
  if (const float scale = matrix.scale(); scale != 1) {
    for (std::int64_t i = 0; i < count; ++i) out[i] *= scale;
  }
  return out;
}

void Multiplier::multiply_decoded(const Tensor& matrix, Range block, const InputRows& inputs, Range part,
                                  Memory memory) {
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

}  // namespace glim::cpu
