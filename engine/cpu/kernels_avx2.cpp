// Compiled for AVX2 with FMA, F16C and BMI2; nothing here may run before the processor has been asked.
#include "engine/cpu/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__) && defined(__BMI2__)

#include <cpuid.h>

#include "engine/cpu/kernels_body.h"
#include "engine/cpu/lanes_words.h"
#include "engine/cpu/panel_body.h"

namespace glim::cpu {
namespace {

/// Not every compiler's built-in function knows this feature by name.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
}  // namespace

const Kernels* avx2_kernels() {
  static const bool present = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                              __builtin_cpu_supports("bmi2") && has_f16c();
  if (!present) return nullptr;
  static const Kernels kernels = with_panels<Avx2Words>(KernelsBody<Avx2>::table("avx2"), "avx2");
  return &kernels;
}

}  // namespace glim::cpu

#else

namespace glim::cpu {
const Kernels* avx2_kernels() {
  return nullptr;
}
}  // namespace glim::cpu

#endif
