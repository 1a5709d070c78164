#include "engine/quantize/lattice_blocks.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/quantize/eight_lanes.h"

namespace glim {

void error_weights(const SuperBlock& block, PlainWeight plain, int first, int count, float* weights) {
  const float* x = block.values + first;
  if (block.importance != nullptr) {
    const float* importance = block.importance + first;
    for (int i = 0; i < count; ++i) weights[i] = importance[i] * std::sqrt(block.variance + x[i] * x[i]);
    return;
  }
  const float base = plain == PlainWeight::square ? 0.0f : 0.25f * block.variance;
  for (int i = 0; i < count; ++i) weights[i] = base + x[i] * x[i];
}

ScaleCodes code_scales(std::span<const float> scales, int top) {
  ScaleCodes out{};
  GLIM_ASSERT(scales.size() <= std::size(out.codes));
  float largest = 0;
  for (const float scale : scales) largest = std::max(largest, scale);
  if (!(largest > 0)) return out;
  out.d = largest / static_cast<float>(2 * top + 1);
  const float inverse = 1.0f / out.d;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const int code = round_to_int(0.5f * (inverse * scales[i] - 1.0f));
    out.codes[i] = static_cast<std::uint8_t>(std::clamp(code, 0, top));
  }
  return out;
}

}  // namespace glim
