#pragma once

#include "engine/quant/mxfp4.h"
#include "engine/quant/nvfp4.h"
#include "engine/quantize/block_rows.h"

/// Codes that are small floats, and scales that are: FP4 with E8M0 or E4M3 scales. Both formats only round.
namespace glim::encoding {
namespace {

/// As half_e4m3, for bytes from 0 to 0x7e.
inline Floats half_e4m3(Ints byte) {
  const Floats normal = reinterpret_cast<Floats>((byte << 20) + (119 << 23));
  return select(byte < 8, to_floats(byte) * 0x1p-10f, normal);
}

/// The E4M3 byte nearest to a value that is not negative, ties up; 0x7e for all that is too large.
inline Ints to_e4m3(Floats v) {
  const Ints normal = ((reinterpret_cast<Ints>(v) + 0x80000) >> 20) - (120 << 3);
  const Ints subnormal = truncate(v * 512.0f + 0.5f, 0, 7);
  const Ints byte = select(v < 0x1p-6f, subnormal, normal);
  return select(byte > 0x7e, splat(0x7e), byte);
}

/// Codes of sign and magnitude: how many of the thresholds |x| passes; zero has no sign. Thresholds are
/// halfway between levels, x and they in the same unit; the smaller level counts on ties.
template <int kCount, int kSignBit, std::size_t kThresholds>
void threshold_codes(const Floats* x, const Floats (&thresholds)[kThresholds], Ints* codes) {
  for (int i = 0; i < kCount; ++i) {
    const Floats size = magnitude(x[i]);
    Ints code{};
    for (const Floats& threshold : thresholds) code -= size > threshold;
    codes[i] = code | (((x[i] < 0.0f) & (code > 0)) & kSignBit);
  }
}

/// Codes of the levels of kFp4Levels times `step`; zero where step is.
template <int kCount>
void fp4_codes(const Floats* x, Floats step, Ints* codes) {
  Floats thresholds[7];
  constexpr float kHalfway[] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};
  for (int i = 0; i < 7; ++i) thresholds[i] = kHalfway[i] * step;
  threshold_codes<kCount, 8>(x, thresholds, codes);
  for (int i = 0; i < kCount; ++i) codes[i] &= step > 0.0f;
}

struct MXFP4 {
  using Block = Quant<QuantType::mxfp4>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    Floats x[32], largest{};
    in.load<32>(x);
    for (const Floats& value : x) largest = larger(magnitude(value), largest);
    // The power of two below the largest value, over 4: that value may be clipped from 8 to 6.
    Ints exponent = (reinterpret_cast<Ints>(largest) >> 23) - 2;
    exponent = select(exponent < 0, Ints{}, exponent);
    const Ints normal = (exponent - 1) << 23,
               subnormal = select(exponent == 0, splat(1 << 21), splat(1 << 22));
    const Floats step = reinterpret_cast<Floats>(select(exponent < 2, subnormal, normal));
    Ints codes[32];
    fp4_codes<32>(x, step, codes);
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].e = static_cast<std::uint8_t>(exponent[lane]);
    pack_split_nibbles(codes, in.live, blocks);
  }
};

struct NVFP4 {
  using Block = Quant<QuantType::nvfp4>::Block;
  static constexpr int kValues = 64;

  static void encode(const BlockTile& in, Block* blocks) {
    Floats x[64];
    in.load<64>(x);
    for (int group = 0; group < 4; ++group) {
      const Floats* values = x + 16 * group;
      Floats largest{};
      for (int i = 0; i < 16; ++i) largest = larger(magnitude(values[i]), largest);
      const Ints scale = to_e4m3(largest / 6.0f);
      Ints codes[16];
      fp4_codes<16>(values, half_e4m3(scale), codes);
      for (int i = 0; i < 8; ++i) {
        const Ints both = codes[i] | codes[i + 8] << 4;
        for (int lane = 0; lane < in.live; ++lane)
          blocks[lane].qs[8 * group + i] = static_cast<std::uint8_t>(both[lane]);
      }
      for (int lane = 0; lane < in.live; ++lane)
        blocks[lane].e[group] = static_cast<std::uint8_t>(scale[lane]);
    }
  }
};

}  // namespace
}  // namespace glim::encoding
