#include "engine/quantize/encoders.h"
#include "engine/quantize/scalar_encoder_sets.h"

namespace glim {

std::span<const Encoder> scalar_encoders() {
  static const std::span<const Encoder> chosen =
      avx2_scalar_encoders().empty() ? portable_scalar_encoders() : avx2_scalar_encoders();
  return chosen;
}

}  // namespace glim
