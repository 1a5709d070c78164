#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/normal_levels.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rotation.h"

namespace glim {

/// A format of the KV cache, never of files: 64 values, rotated, each level * d with sixteen levels. Byte i
/// of qs holds value i in its low nibble and value i + 32 in its high one.
template <>
struct Quant<QuantType::rot4> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[32];
  };
  static constexpr int kValues = 64;

  /// The values as they are stored, in the rotated basis.
  static void decode_rotated(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < 32; ++i) {
      out[i] = kRot4Levels[block.qs[i] & 15] * d;
      out[i + 32] = kRot4Levels[block.qs[i] >> 4] * d;
    }
  }

  static void decode(const Block& block, float* out) {
    decode_rotated(block, out);
    rotate_values_back(out);
  }

  static void encode(const float* in, Block& block) {
    float values[kValues];
    std::uint8_t codes[kValues];
    std::copy_n(in, kValues, values);
    rotate_values(values);
    block.d = f32_to_f16(round_to_levels(values, kRot4Levels, codes));
    for (int i = 0; i < 32; ++i) block.qs[i] = static_cast<std::uint8_t>(codes[i] | codes[i + 32] << 4);
  }
};

}  // namespace glim
