#pragma once

#include "engine/quant/q4_0.h"
#include "engine/quant/q4_1.h"
#include "engine/quant/q5_0.h"
#include "engine/quant/q5_1.h"
#include "engine/quantize/block_rows.h"
#include "engine/quantize/searches.h"

/// Q4_0, Q4_1, Q5_0, Q5_1: blocks of 32 with one scale. Without importance they only round, with it they
/// search; codes are those that belong to the scale before its rounding to f16.
namespace glim::encoding {
namespace {

inline void weigh_legacy(const BlockTile& in, const Floats* x, Floats* w) {
  Floats importance[32];
  in.load_importance<32>(importance);
  weigh<32>(importance, x, splat(in.row_mean_square), w);
}

/// kLimit: half the number of codes.
template <QuantType kType, int kLimit>
struct SignedBlocks {
  using Block = typename Quant<kType>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    Floats x[32], scale;
    Ints codes[32];
    in.load<32>(x);
    if (in.importance != nullptr) {
      Floats w[32], fitted[32];
      weigh_legacy(in, x, w);
      scale = fit_signed<32>(x, w, kLimit, fitted);
      for (int i = 0; i < 32; ++i) codes[i] = to_ints(fitted[i]);
    } else {
      scale = signed_largest<32>(x) / static_cast<float>(-kLimit);
      const Floats inverse = select(scale != 0.0f, 1.0f / scale, Floats{});
      for (int i = 0; i < 32; ++i)
        codes[i] = truncate(x[i] * inverse + (static_cast<float>(kLimit) + 0.5f), 0, 2 * kLimit - 1);
    }
    const Ints bits = to_f16_bits(scale);
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].d = half_of(bits, lane);
    pack_split_nibbles(codes, in.live, blocks);
    if constexpr (kLimit == 16) pack_fifth_bits(codes, in.live, blocks);
  }
};

template <QuantType kType, int kLimit>
struct RangeBlocks {
  using Block = typename Quant<kType>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    Floats x[32], scale, low;
    Ints codes[32];
    in.load<32>(x);
    if (in.importance != nullptr) {
      Floats w[32], fitted[32];
      weigh_legacy(in, x, w);
      const RangeFit<Floats> fit = fit_range<32, false>(x, w, {kLimit, -0.9f, 0.05f, 36}, fitted);
      scale = fit.scale;
      low = -fit.minimum;
      for (int i = 0; i < 32; ++i) codes[i] = to_ints(fitted[i]);
    } else {
      low = x[0];
      Floats high = x[0];
      for (int i = 1; i < 32; ++i) {
        low = smaller(x[i], low);
        high = larger(x[i], high);
      }
      scale = (high - low) / static_cast<float>(kLimit);
      const Floats inverse = select(scale != 0.0f, 1.0f / scale, Floats{});
      for (int i = 0; i < 32; ++i) codes[i] = truncate((x[i] - low) * inverse + 0.5f, 0, kLimit);
    }
    const Ints d = to_f16_bits(scale), m = to_f16_bits(low);
    for (int lane = 0; lane < in.live; ++lane) {
      blocks[lane].d = half_of(d, lane);
      blocks[lane].m = half_of(m, lane);
    }
    pack_split_nibbles(codes, in.live, blocks);
    if constexpr (kLimit == 31) pack_fifth_bits(codes, in.live, blocks);
  }
};

}  // namespace
}  // namespace glim::encoding
