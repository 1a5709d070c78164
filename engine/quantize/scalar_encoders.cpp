#include "engine/quantize/encoders.h"

namespace glim {

std::span<const Encoder> scalar_encoders() {
  return {};
}

}  // namespace glim
