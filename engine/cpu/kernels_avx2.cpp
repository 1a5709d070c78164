// Compiled with -mavx2 -mfma -mf16c; nothing here may run before the processor has been asked.
#include "engine/cpu/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <cpuid.h>

#include "engine/cpu/kernels_body.h"
#include "engine/cpu/lanes_avx2.h"

namespace glim::cpu {
namespace {
constexpr Kernels kKernels = KernelsBody<Avx2>::table("avx2");

/// Not every compiler's built-in function knows this feature by name.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
}  // namespace

const Kernels* avx2_kernels() {
  const bool present = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  return present ? &kKernels : nullptr;
}

}  // namespace glim::cpu

#else

namespace glim::cpu {
const Kernels* avx2_kernels() {
  return nullptr;
}
}  // namespace glim::cpu

#endif
