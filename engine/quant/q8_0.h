#pragma once

#include <cmath>
#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values q * d with signed bytes q.
template <>
struct Quant<QuantType::q8_0> {
  struct Block {
    std::uint16_t d;
    std::int8_t q[32];
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) out[i] = static_cast<float>(block.q[i]) * d;
  }

  /// d = largest magnitude / 127; q rounds half away from zero. A block with a value that is not finite gets
  /// a scale that is not finite, so that decoding shows the damage.
  static void encode(const float* in, Block& block) {
    float largest = 0;
    for (int i = 0; i < kValues; ++i) {
      const float magnitude = std::fabs(in[i]);
      if (!(magnitude <= largest)) largest = magnitude;
      if (std::isnan(largest)) break;
    }
    const float d = largest / 127.0f;
    block.d = f32_to_f16(d);
    const bool usable = d > 0 && std::isfinite(1.0f / d) && std::isfinite(d);
    const float inverse = usable ? 1.0f / d : 0.0f;
    for (int i = 0; i < kValues; ++i) {
      // A zero code would hide the damage: infinity times one stays infinity.
      block.q[i] = std::isfinite(d) ? static_cast<std::int8_t>(std::round(in[i] * inverse)) : std::int8_t{1};
    }
  }
};

}  // namespace glim
