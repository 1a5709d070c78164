// Compiled for AVX2 with AVX-VNNI; nothing here may run before the processor has been asked.
#include "engine/cpu/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__AVXVNNI__) && defined(__BMI2__)

#include <cpuid.h>

#include "engine/cpu/lanes_avx_vnni.h"
#include "engine/cpu/panel_body.h"

namespace glim::cpu {
namespace {

/// Not every compiler's built-in function knows this feature by name.
bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 4)) != 0;
}

}  // namespace

const Kernels* avx_vnni_kernels() {
  static const bool present = avx2_kernels() != nullptr && has_avx_vnni();
  if (!present) return nullptr;
  static const Kernels kernels = with_panels<AvxVnni>(*avx2_kernels(), "avx_vnni");
  return &kernels;
}

}  // namespace glim::cpu

#else

namespace glim::cpu {
const Kernels* avx_vnni_kernels() {
  return nullptr;
}
}  // namespace glim::cpu

#endif
