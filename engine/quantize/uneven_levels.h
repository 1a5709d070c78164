#pragma once

#include "engine/quant/iq4_nl.h"
#include "engine/quant/iq4_xs.h"
#include "engine/quantize/block_rows.h"
#include "engine/quantize/super_blocks.h"

/// IQ4_NL and IQ4_XS: the nearest of 16 uneven levels. The search looks for the scale; codes follow from it.
namespace glim::encoding {
namespace {

/// A level and its index.
struct Level {
  Floats value;
  Ints index;
};

/// Where the nearest level changes: halfway, and there the upper level counts.
constexpr float boundary(int index) {
  return 0.5f * static_cast<float>(kUnevenLevels[index - 1] + kUnevenLevels[index]);
}

#if defined(__AVX2__)

/// The eight entries of a table in every register; index modulo 8.
struct Table8 {
  Floats values;

  template <class Entry>
  static Table8 of(Entry entry) {
    Table8 table;
    for (int lane = 0; lane < kLanes; ++lane) table.values[lane] = entry(lane % 8);
    return table;
  }
  Floats operator[](Ints index) const { return __builtin_shuffle(values, index & (kLanes - 1)); }
};

/// Nearest level by binary search: node n of the tree has the children 2n and 2n + 1, the leaves are 16
/// to 31.
class LevelSearch {
 public:
  LevelSearch()
      : upper_(Table8::of([](int n) {
          return boundary(n < 2 ? 8 : n < 4 ? 4 + 8 * (n - 2) : 2 + 4 * (n - 4));
        })),
        lower_(Table8::of([](int n) { return boundary(1 + 2 * n); })),
        negative_(Table8::of([](int n) { return static_cast<float>(kUnevenLevels[n]); })),
        positive_(Table8::of([](int n) { return static_cast<float>(kUnevenLevels[n + 8]); })) {}

  Level nearest(Floats x) const {
    const Ints right = x >= boundary(8);
    Ints node = 2 - right;
    node = node + node - (x >= upper_[node]);
    node = node + node - (x >= upper_[node]);
    node = node + node - (x >= lower_[node]);
    return {select(right, positive_[node], negative_[node]), node - 16};
  }

 private:
  Table8 upper_, lower_, negative_, positive_;
};

#else

/// Nearest level by counting the boundaries below.
class LevelSearch {
 public:
  Level nearest(Floats x) const {
    Level level{splat(static_cast<float>(kUnevenLevels[0])), Ints{}};
    for (int i = 1; i < 16; ++i) {
      const Ints above = x >= boundary(i);
      level.value = select(above, splat(static_cast<float>(kUnevenLevels[i])), level.value);
      level.index -= above;
    }
    return level;
  }
};

#endif

/// The two levels that a value can be nearest to while its scale moves a little.
struct Choice {
  Floats below, above, boundary;

  static Choice of(Floats a, Floats b) { return {smaller(a, b), larger(a, b), 0.5f * (a + b)}; }
  Floats at(Floats y) const { return select(y >= boundary, above, below); }
};

/// The search tries inverse scales from -134 to -120 over the largest value.
constexpr int kFirstTrial = -134, kLastTrial = -120;

constexpr bool crosses_one_boundary() {
  for (int i = 1; i < 15; ++i) {
    const float a = boundary(i), b = boundary(i + 1);
    const float ratio = a > 0 ? b / a : a / b;
    if ((a > 0) == (b > 0) && ratio <= 1.001f * kFirstTrial / kLastTrial) return false;
  }
  return true;
}
static_assert(crosses_one_boundary(), "a value has two levels to choose from");

/// y = scale * level for 32 values.
inline Floats fit_levels(const LevelSearch& levels, const Floats* x, const Floats* w) {
  const Floats largest = signed_largest<32>(x);
  const Floats narrow = 1.0f / (largest / 127.0f);  // the largest value on the narrow end of the table
  const Floats from = static_cast<float>(kFirstTrial) / largest,
               to = static_cast<float>(kLastTrial) / largest;
  Choice choices[32];
  Fit<Floats> fit;
  const auto add = [&](int i, Floats level) {
    const Floats weighted = w[i] * level;
    fit.product += weighted * x[i];
    fit.square += weighted * level;
  };
  for (int i = 0; i < 32; ++i) {
    const Floats a = levels.nearest(from * x[i]).value, b = levels.nearest(to * x[i]).value;
    choices[i] = Choice::of(a, b);
    add(i, levels.nearest(narrow * x[i]).value);
  }
  Floats scale = fit.scale(), best = scale * fit.product;
  for (int trial = kFirstTrial; trial <= kLastTrial; ++trial) {
    const Floats inverse = static_cast<float>(trial) / largest;
    fit = {};
    for (int i = 0; i < 32; ++i) add(i, choices[i].at(inverse * x[i]));
    const Ints better = (fit.square > 0.0f) & (fit.product * fit.product > best * fit.square);
    const Floats fitted = fit.scale();
    scale = select(better, fitted, scale);
    best = select(better, fitted * fit.product, best);
  }
  return select(magnitude(largest) >= kZeroGroup, scale, Floats{});
}

/// Indices of the levels nearest to x / scale; everything is zero times the scale 0.
inline void level_codes(const LevelSearch& levels, const Floats* x, Floats scale, Ints* codes) {
  const Floats inverse = select(scale != 0.0f, 1.0f / scale, Floats{});
  for (int i = 0; i < 32; ++i) codes[i] = levels.nearest(inverse * x[i]).index;
}

struct IQ4NL {
  using Block = Quant<QuantType::iq4_nl>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    const LevelSearch levels;
    Floats x[32], w[32];
    in.load<32>(x);
    if (in.importance != nullptr) {
      Floats importance[32];
      in.load_importance<32>(importance);
      weigh<32>(importance, x, 2.0f * mean_square<32>(x), w);
    } else {
      weigh_by_square<32>(x, w);
    }
    const Floats scale = fit_levels(levels, x, w);
    Ints codes[32];
    level_codes(levels, x, scale, codes);
    const Ints bits = to_f16_bits(scale);
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].d = half_of(bits, lane);
    pack_split_nibbles(codes, in.live, blocks);
  }
};

struct IQ4XS {
  using Block = Quant<QuantType::iq4_xs>::Block;
  static constexpr int kPerBlock = 8;

  static void encode(const Stretch& in, Block* blocks) {
    const LevelSearch levels;
    float scales[kLanes * kPerBlock], spread[kLanes];
    if (in.importance != nullptr) store(2.0f * mean_squares(in), spread);
    for_tiles<32, kLanes>(in.blocks, [&](const Tile& tile) {
      Floats x[32], w[32];
      load_tile<32>(in.x + tile.first * 32, 32, tile.live, x);
      if (in.importance != nullptr) {
        Floats importance[32];
        load_tile<32>(in.importance + tile.first * 32, 32, tile.live, importance);
        weigh<32>(importance, x, of_groups<32, Floats>(spread, tile), w);
      } else {
        weigh_by_square<32>(x, w);
      }
      store(fit_levels(levels, x, w), scales + tile.first);
    });
    float steps[kLanes * kPerBlock];
    round_scales(scales, in.blocks, steps, blocks);
    for_tiles<32, kLanes>(in.blocks, [&](const Tile& tile) {
      Floats x[32];
      Ints codes[32];
      load_tile<32>(in.x + tile.first * 32, 32, tile.live, x);
      level_codes(levels, x, load(steps + tile.first), codes);
      for (int i = 0; i < 16; ++i) {
        const Ints both = codes[i] | codes[i + 16] << 4;
        for (int lane = 0; lane < tile.live; ++lane) {
          const int group = tile.first + lane;
          blocks[group / kPerBlock].qs[16 * (group % kPerBlock) + i] = static_cast<std::uint8_t>(both[lane]);
        }
      }
    });
  }

 private:
  /// Six-bit scales, the largest with the code that only the negative side has. steps: the products of the
  /// codes with the scale of the super-block before its rounding to f16.
  static void round_scales(const float* scales, int count, float* steps, Block* blocks) {
    Floats s[kPerBlock];
    load_tile<kPerBlock>(scales, kPerBlock, count, s);
    const Floats d = -signed_largest<kPerBlock>(s) / 32.0f;
    const Floats inverse = select(d != 0.0f, 1.0f / d, Floats{});
    const Ints bits = to_f16_bits(d);
    for (int lane = 0; lane < count; ++lane) {
      blocks[lane].d = half_of(bits, lane);
      blocks[lane].scales_high = 0;
      std::memset(blocks[lane].scales_low, 0, sizeof blocks[lane].scales_low);
    }
    for (int group = 0; group < kPerBlock; ++group) {
      const Floats code = nearest(inverse * s[group], -32, 31), step = d * code;
      const Ints whole = to_ints(code) + 32;
      for (int lane = 0; lane < kLanes; ++lane) steps[lane * kPerBlock + group] = step[lane];
      for (int lane = 0; lane < count; ++lane) {
        Block& block = blocks[lane];
        std::uint8_t& low = block.scales_low[group / 2];
        low = static_cast<std::uint8_t>(low | (whole[lane] & 15) << (4 * (group % 2)));
        block.scales_high = static_cast<std::uint16_t>(block.scales_high | (whole[lane] >> 4) << (2 * group));
      }
    }
  }
};

inline void encode_level_row(const EncodeRow& row, std::byte* out) {
  for_stretches<IQ4XS::Block>(row, out, IQ4XS::encode);
}

}  // namespace
}  // namespace glim::encoding
