#include "engine/quantize/encode.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/quantize/encoders.h"

namespace glim {
namespace {

const Encoder* find_encoder(QuantType type) {
  for (const std::span<const Encoder> family : {scalar_encoders(), lattice_encoders()}) {
    const auto found =
        std::find_if(family.begin(), family.end(), [type](const Encoder& e) { return e.type == type; });
    if (found != family.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

bool can_quantize(QuantType type) {
  return find_encoder(type) != nullptr;
}

bool needs_importance(QuantType type) {
  const Encoder* encoder = find_encoder(type);
  return encoder != nullptr && encoder->needs_importance;
}

void quantize_row(QuantType type, std::span<const float> in, std::span<const float> importance,
                  std::byte* out) {
  const Encoder* encoder = find_encoder(type);
  GLIM_ASSERT(encoder != nullptr && in.size() % quant(type).block_values == 0);
  GLIM_ASSERT(importance.empty() || importance.size() == in.size());
  encoder->encode({in, importance}, out);
}

}  // namespace glim
