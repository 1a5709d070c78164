// Compiled with -mavx2; nothing here may run before the processor has been asked.
#include "engine/quantize/scalar_encoder_sets.h"

#if defined(__AVX2__)

#include "engine/quantize/scalar_encoder_table.h"

namespace glim {

std::span<const Encoder> avx2_scalar_encoders() {
  if (!__builtin_cpu_supports("avx2")) return {};
  return encoding::kScalarEncoders;
}

}  // namespace glim

#else

namespace glim {
std::span<const Encoder> avx2_scalar_encoders() {
  return {};
}
}  // namespace glim

#endif
