#include "engine/quantize/encoders.h"

namespace glim {

std::span<const Encoder> lattice_encoders() {
  return {};
}

}  // namespace glim
