#include "engine/cpu/kernels.h"

namespace glim::cpu {

std::vector<const Kernels*> instruction_sets() {
  std::vector<const Kernels*> out;
  for (const Kernels* kernels : {avx512_kernels(), avx_vnni_kernels(), avx2_kernels(), &portable_kernels()}) {
    if (kernels != nullptr) out.push_back(kernels);
  }
  return out;
}

const FormatKernels& Kernels::format(QuantType type) const {
  return formats[&quant(type) - kQuants.data()];
}

const PanelKernels& Kernels::panel(QuantType type) const {
  return panels[&quant(type) - kQuants.data()];
}

}  // namespace glim::cpu
