#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/half.h"
#include "engine/quant/normal_levels.h"
#include "engine/quant/quant_format.h"
#include "engine/quant/rotation.h"

namespace glim {

/// As ROT4 with eight levels. The low two bits of value i are bits 2 (i div 16) of byte i mod 16 of qs, the
/// third is bit i mod 8 of byte i div 8 of qh.
template <>
struct Quant<QuantType::rot3> {
  struct Block {
    std::uint16_t d;
    std::uint8_t qs[16];
    std::uint8_t qh[8];
  };
  static constexpr int kValues = 64;

  static void decode_rotated(const Block& block, float* out) {
    const float d = f16_to_f32(block.d);
    for (int i = 0; i < kValues; ++i) {
      const int low = (block.qs[i % 16] >> (2 * (i / 16))) & 3, high = (block.qh[i / 8] >> (i % 8)) & 1;
      out[i] = kRot3Levels[static_cast<std::size_t>(low | high << 2)] * d;
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
    block = {};
    block.d = f32_to_f16(round_to_levels(values, kRot3Levels, codes));
    for (int i = 0; i < kValues; ++i) {
      std::uint8_t &low = block.qs[i % 16], &high = block.qh[i / 8];
      low = static_cast<std::uint8_t>(low | (codes[i] & 3) << (2 * (i / 16)));
      high = static_cast<std::uint8_t>(high | (codes[i] >> 2) << (i % 8));
    }
  }
};

}  // namespace glim
