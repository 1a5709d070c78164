#include "engine/cpu/kernels.h"

namespace glim::cpu {

const FormatKernels& Kernels::format(QuantType type) const {
  return formats[&quant(type) - kQuants.data()];
}

}  // namespace glim::cpu
