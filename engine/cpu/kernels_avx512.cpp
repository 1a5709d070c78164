// Compiled for AVX-512 with VNNI; nothing here may run before the processor has been asked.
#include "engine/cpu/kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && \
    defined(__AVX512VNNI__) && defined(__BMI2__)

#include "engine/cpu/lanes_avx512.h"
#include "engine/cpu/panel_body.h"
#include "engine/cpu/wide_body.h"

namespace glim::cpu {

const Kernels* avx512_kernels() {
  static const bool present = avx2_kernels() != nullptr && __builtin_cpu_supports("avx512f") &&
                              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
  if (!present) return nullptr;
  static const Kernels kernels = [] {
    Kernels out = with_panels<Avx512>(*avx2_kernels(), "avx512");
    WideBody<Avx512>::replace(out);
    return out;
  }();
  return &kernels;
}

}  // namespace glim::cpu

#else

namespace glim::cpu {
const Kernels* avx512_kernels() {
  return nullptr;
}
}  // namespace glim::cpu

#endif
