#pragma once

#include <cstdint>

#include "engine/quant/levels.h"
#include "engine/quant/quant_format.h"

namespace glim {

/// 64 values in four groups of 16, each level * scale with an E4M3 scale. Group g: byte b of its eight bytes
/// of qs holds values b and b + 8. Levels are FP4 times two and scales E4M3 halved. Files carry a further
/// factor for the whole matrix in a tensor of its own, `<base>.scale`.
template <>
struct Quant<QuantType::nvfp4> {
  struct Block {
    std::uint8_t e[4];
    std::uint8_t qs[32];
  };
  static constexpr int kValues = 64;

  static void decode(const Block& block, float* out) {
    for (int group = 0; group < 4; ++group, out += 16) {
      // The sign is ignored; of the two codes that are no number writers mean 0 by one and 240 by the other.
      const std::uint8_t e = block.e[group];
      const float d = e == 0xff ? 240.0f : half_e4m3(e & 0x7f);
      const std::uint8_t* qs = block.qs + 8 * group;
      for (int i = 0; i < 8; ++i) {
        out[i] = static_cast<float>(kFp4Levels[qs[i] & 15]) * d;
        out[i + 8] = static_cast<float>(kFp4Levels[qs[i] >> 4]) * d;
      }
    }
  }
};

}  // namespace glim
