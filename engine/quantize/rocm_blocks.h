#pragma once

#include "engine/quant/q3_0_rocmfpx.h"
#include "engine/quant/q4_0_rocmfp4.h"
#include "engine/quant/q4_0_rocmfp4_fast.h"
#include "engine/quant/q6_0_rocmfpx.h"
#include "engine/quant/q8_0_rocmfpx.h"
#include "engine/quantize/searches.h"
#include "engine/quantize/small_floats.h"

/// The ROCmFPX formats: one of 126 scales per group, found as if all were tried: the smallest weighted
/// squared error wins, the smaller scale on ties. Two formats come out better than in other writers, which
/// stop early or do not search: the six-bit one has a code that only the negative side has, and a smaller
/// scale may be the best one because of it; the eight-bit one is searched without importance as well.
namespace glim::encoding {
namespace {

/// Levels that are whole numbers up to kFine and even ones above. snap() is for values in units of the scale;
/// on ties either neighbour, the error is the same.
template <int kFine, int kTop>
struct MixedLevels {
  static Floats snap(Floats r) {
    const Floats inside = clamp(r, -kTop, kTop);
    return select(magnitude(inside) < static_cast<float>(kFine), nearest(inside),
                  2.0f * nearest(0.5f * inside));
  }
  static Floats top(Floats) { return splat(static_cast<float>(kTop)); }
};

template <int kLow, int kHigh>
struct WholeLevels {
  static Floats snap(Floats r) { return nearest(r, kLow, kHigh); }
  static Floats top(Floats sign) {
    return select(sign < 0.0f, splat(static_cast<float>(-kLow)), splat(static_cast<float>(kHigh)));
  }
};

/// The scale of a group of values for every lane.
template <class Levels, int kCount>
class ScaleSearch {
 public:
  ScaleSearch(const Floats* x, const Floats* w) : x_(x), w_(w) {
    for (int i = 0; i < kCount; ++i) {
      const Ints better = magnitude(x[i]) > magnitude(largest_);
      largest_ = select(better, x[i], largest_);
      weight_ = select(better, w[i], weight_);
    }
    top_ = Levels::top(largest_);
    size_ = magnitude(largest_);
  }

  Ints find() {
    Ints start = to_e4m3(2.0f * size_ / top_);
    start = select(start < 1, splat(1), start);
    climb(start);
    descend(start);
    return select(size_ > 0.0f, best_, Ints{});
  }

 private:
  static constexpr int kLast = 0x7e;

  /// Sum of the weighted squares; may stop with a part of it once no lane can win with more.
  Floats error(Floats scale) const {
    const Floats inverse = 1.0f / scale;
    Floats sum{};
    for (int first = 0; first < kCount; first += 8) {
      for (int i = first; i < first + 8; ++i) {
        const Floats difference = x_[i] - Levels::snap(x_[i] * inverse) * scale;
        sum += w_[i] * difference * difference;
      }
      if (!any(sum <= least_)) break;
    }
    return sum;
  }

  /// Larger scales, until all values would be zero.
  void climb(Ints start) {
    Ints open = splat(-1);
    for (Ints byte = start; any(open); byte += 1) {
      const Floats scale = half_e4m3(byte), sum = error(scale);
      accept(open & (sum < least_), byte, sum);
      open &= (byte < kLast) & (0.5f * scale < size_);
    }
  }

  /// Smaller scales, until the largest value alone costs more than all values do at best.
  void descend(Ints start) {
    Ints open = start > 1;
    for (Ints byte = start - 1; any(open); byte -= 1) {
      const Floats scale = half_e4m3(select(byte > 0, byte, splat(1)));
      const Floats clipped = size_ - top_ * scale;
      open &= ~((clipped > 0.0f) & (weight_ * clipped * clipped > least_));
      if (!any(open)) break;
      const Floats sum = error(scale);
      accept(open & (sum <= least_), byte, sum);
      open &= byte > 1;
    }
  }

  void accept(Ints better, Ints byte, Floats sum) {
    least_ = select(better, sum, least_);
    best_ = select(better, byte, best_);
  }

  const Floats* x_;
  const Floats* w_;
  Floats largest_{}, weight_{}, size_, top_;
  Floats least_ = splat(__builtin_huge_valf());
  Ints best_{};
};

/// A block of 32 values in groups of kGroup.
template <int kGroup>
struct RocmGroups {
  Floats x[32], w[32];

  explicit RocmGroups(const BlockTile& in) {
    in.load<32>(x);
    for (Floats& weight : w) weight = splat(1.0f);
    if (in.importance == nullptr) return;
    Floats importance[32];
    in.load_importance<32>(importance);
    weigh<32>(importance, x, splat(in.row_mean_square), w);
    for (int i = 0; i < 32; ++i) w[i] = select(importance[i] > 0.0f, w[i], Floats{});
  }

  /// scales: 32 / kGroup bytes for each lane.
  template <class Levels>
  void find_scales(Ints* scales) const {
    for (int group = 0; group < 32 / kGroup; ++group)
      scales[group] = ScaleSearch<Levels, kGroup>(x + group * kGroup, w + group * kGroup).find();
  }
};

/// Codes of sign and magnitude for values in units of the scale.
template <int kCount, int kSignBit, std::size_t kLevels>
void scaled_codes(const Floats* x, Floats scale, const float (&halfway)[kLevels], Ints* codes) {
  const Floats inverse = select(scale > 0.0f, 1.0f / scale, Floats{});
  Floats scaled[kCount], thresholds[kLevels];
  for (int i = 0; i < kCount; ++i) scaled[i] = x[i] * inverse;
  for (std::size_t i = 0; i < kLevels; ++i) thresholds[i] = splat(halfway[i]);
  threshold_codes<kCount, kSignBit>(scaled, thresholds, codes);
}

template <QuantType kType, int kGroup>
struct RocmFp4 {
  using Block = typename Quant<kType>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    constexpr float kHalfway[] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 9};
    const RocmGroups<kGroup> groups(in);
    Ints scales[32 / kGroup], codes[32];
    groups.template find_scales<MixedLevels<4, 10>>(scales);
    for (int group = 0; group < 32 / kGroup; ++group) {
      scaled_codes<kGroup, 8>(groups.x + group * kGroup, half_e4m3(scales[group]), kHalfway,
                              codes + group * kGroup);
      for (int lane = 0; lane < in.live; ++lane) {
        const auto byte = static_cast<std::uint8_t>(scales[group][lane]);
        if constexpr (kGroup == 16) {
          blocks[lane].e[group] = byte;
        } else {
          blocks[lane].e = byte;
        }
      }
    }
    pack_split_nibbles(codes, in.live, blocks);
  }
};

/// Codes of a few bits, lowest first, 24 bits at a time.
template <int kBits, class Block>
void pack_bits(const Ints* codes, int live, Block* blocks) {
  constexpr int kCodes = 24 / kBits;
  for (int chunk = 0; chunk < 32 / kCodes; ++chunk) {
    Ints word{};
    for (int i = 0; i < kCodes; ++i) word |= codes[chunk * kCodes + i] << (kBits * i);
    for (int lane = 0; lane < live; ++lane) {
      for (int byte = 0; byte < 3; ++byte)
        blocks[lane].qs[3 * chunk + byte] = static_cast<std::uint8_t>(word[lane] >> (8 * byte));
    }
  }
}

template <class Block>
void store_two_scales(const Ints* scales, int live, Block* blocks) {
  for (int lane = 0; lane < live; ++lane) {
    for (int group = 0; group < 2; ++group)
      blocks[lane].e[group] = static_cast<std::uint8_t>(scales[group][lane]);
  }
}

struct RocmFp3 {
  using Block = Quant<QuantType::q3_0_rocmfpx>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    constexpr float kHalfway[] = {0.5f, 1.5f, 3};
    const RocmGroups<16> groups(in);
    Ints scales[2], codes[32];
    groups.find_scales<MixedLevels<2, 4>>(scales);
    for (int group = 0; group < 2; ++group)
      scaled_codes<16, 4>(groups.x + 16 * group, half_e4m3(scales[group]), kHalfway, codes + 16 * group);
    pack_bits<3>(codes, in.live, blocks);
    store_two_scales(scales, in.live, blocks);
  }
};

struct RocmFp6 {
  using Block = Quant<QuantType::q6_0_rocmfpx>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    const RocmGroups<16> groups(in);
    Ints scales[2], codes[32];
    groups.find_scales<WholeLevels<-32, 31>>(scales);
    for (int i = 0; i < 32; ++i) {
      const Ints scale = scales[i / 16];
      const Ints code = nearest_away(groups.x[i] * (1.0f / half_e4m3(scale)), -32, 31);
      // Sign and magnitude; the sign alone is -32.
      const Ints bits = select(code < 0, 32 | (-code & 31), code);
      codes[i] = select(scale > 0, bits, Ints{});
    }
    pack_bits<6>(codes, in.live, blocks);
    store_two_scales(scales, in.live, blocks);
  }
};

struct RocmFp8 {
  using Block = Quant<QuantType::q8_0_rocmfpx>::Block;
  static constexpr int kValues = 32;

  static void encode(const BlockTile& in, Block* blocks) {
    const RocmGroups<32> groups(in);
    Ints scale[1];
    groups.find_scales<WholeLevels<-127, 127>>(scale);
    const Floats inverse = 1.0f / half_e4m3(scale[0]);
    for (int i = 0; i < 32; ++i) {
      const Ints code = select(scale[0] > 0, nearest_away(groups.x[i] * inverse, -127, 127), Ints{});
      for (int lane = 0; lane < in.live; ++lane) blocks[lane].q[i] = static_cast<std::int8_t>(code[lane]);
    }
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].e = static_cast<std::uint8_t>(scale[0][lane]);
  }
};

}  // namespace
}  // namespace glim::encoding
