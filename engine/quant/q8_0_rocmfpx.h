#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 32 values q * scale with signed bytes q.
template <>
struct Quant<QuantType::q8_0_rocmfpx> {
  struct Block {
    std::int8_t q[32];
    std::uint8_t e;
  };
  static constexpr int kValues = 32;

  static void decode(const Block& block, float* out) {
    const float d = half_e4m3(block.e);
    for (int i = 0; i < kValues; ++i) out[i] = static_cast<float>(block.q[i]) * d;
  }
};

}  // namespace glim
