#include "engine/cpu/kernels.h"
#include "engine/cpu/kernels_body.h"
#include "engine/cpu/lanes_portable.h"

namespace glim::cpu {
namespace {
constexpr Kernels kKernels = KernelsBody<Portable>::table("portable");
}  // namespace

const Kernels& portable_kernels() {
  return kKernels;
}

}  // namespace glim::cpu
