#include "engine/quantize/scalar_encoder_sets.h"
#include "engine/quantize/scalar_encoder_table.h"

namespace glim {

std::span<const Encoder> portable_scalar_encoders() {
  return encoding::kScalarEncoders;
}

}  // namespace glim
