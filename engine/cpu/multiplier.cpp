#include "engine/cpu/multiplier.h"

namespace glim::cpu {

float* Multiplier::tile(const Tensor& matrix, Range block, const InputRows& inputs, Range part,
                        Memory memory) {
  const FormatKernels& format = kernels_.format(matrix.type);
  const WeightRows weights{matrix.host_row(block.first), matrix.stride(), block.size(), matrix.cols};
  float* out = reserve(memory.products, block.size() * part.size());
  if (inputs.count == 1 && format.multiply != nullptr) {
    format.multiply(weights, inputs.row(0), out);
    return out;
  }
  const float* decoded = matrix.floats(block.first);
  if (matrix.type != QuantType::f32) {
    float* target = reserve(memory.weights, block.size() * matrix.cols);
    if (part.first == 0) format.decode(weights, target);
    decoded = target;
  }
  InputRows some = inputs;
  some.count = part.size();
  if (some.index != nullptr) {
    some.index += part.first;
  } else {
    some.base += some.stride * part.first;
  }
  kernels_.products({decoded, matrix.cols, block.size(), matrix.cols}, some, out, block.size());
  return out;
}

}  // namespace glim::cpu
