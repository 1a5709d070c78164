#pragma once

#include "engine/quant/q2_k.h"
#include "engine/quant/q3_k.h"
#include "engine/quant/q4_k.h"
#include "engine/quant/q5_k.h"
#include "engine/quant/q6_k.h"
#include "engine/quantize/super_blocks.h"

/// Q2_K to Q6_K. Groups find their scales (and minimums) first; these are rounded to a few bits with one or
/// two scales per super-block; then all values are rounded again with the scales as they are stored. Where a
/// stored scale is zero the codes of the search stay.
namespace glim::encoding {
namespace {

/// A super-block ready for packing.
template <int kPerBlock>
struct Rounded {
  std::uint8_t codes[kSuper];
  const int* scales;
  const int* minimums;
  std::uint16_t d, dmin;
};

/// Two bits per value: run k of 32 of each half of 128 values at bit 2k.
inline void pack_two_bits(const std::uint8_t* codes, std::uint8_t* qs) {
  for (int half = 0; half < 2; ++half) {
    const std::uint8_t* run = codes + 128 * half;
    for (int i = 0; i < 32; ++i)
      qs[32 * half + i] = static_cast<std::uint8_t>((run[i] & 3) | (run[i + 32] & 3) << 2 |
                                                    (run[i + 64] & 3) << 4 | (run[i + 96] & 3) << 6);
  }
}

inline void pack_nibbles(const std::uint8_t* codes, std::uint8_t* qs) {
  for (int pair = 0; pair < 4; ++pair) {
    for (int i = 0; i < 32; ++i)
      qs[32 * pair + i] =
          static_cast<std::uint8_t>((codes[64 * pair + i] & 15) | (codes[64 * pair + 32 + i] & 15) << 4);
  }
}

/// The inverse of scale_pair.
inline void pack_scale_pairs(const int* scales, const int* minimums, std::uint8_t (&packed)[12]) {
  for (int k = 0; k < 4; ++k) {
    const int s = scales[k + 4], m = minimums[k + 4];
    packed[k] = static_cast<std::uint8_t>(scales[k] | (s >> 4) << 6);
    packed[k + 4] = static_cast<std::uint8_t>(minimums[k] | (m >> 4) << 6);
    packed[k + 8] = static_cast<std::uint8_t>((s & 15) | (m & 15) << 4);
  }
}

struct Q2K {
  using Block = Quant<QuantType::q2_k>::Block;
  static constexpr int kGroup = 16, kScaleLimit = 15;
  static constexpr bool kAbsolute = true;  ///< without importance
  static constexpr float kSpread = 1;
  static constexpr RangeSearch kPlain{3, -0.5f, 0.1f, 15}, kWeighted{3, -0.9f, 0.05f, 36};

  static void weigh_plain(const Wide* x, Wide* w) {
    for (int i = 0; i < kGroup; ++i) w[i] = magnitude(x[i]);
  }
  static void pack(const Rounded<16>& in, Block& block) {
    for (int group = 0; group < 16; ++group)
      block.scales[group] = static_cast<std::uint8_t>(in.scales[group] | in.minimums[group] << 4);
    pack_two_bits(in.codes, block.qs);
    block.d = in.d;
    block.dmin = in.dmin;
  }
};

/// Weights of Q4_K and Q5_K without importance: the root mean square of the group more than |x|.
inline void weigh_above_mean(const Wide* x, Wide* w) {
  const Wide mean = square_root(mean_square<32>(x));
  for (int i = 0; i < 32; ++i) w[i] = mean + magnitude(x[i]);
}

struct Q4K {
  using Block = Quant<QuantType::q4_k>::Block;
  static constexpr int kGroup = 32, kScaleLimit = 63;
  static constexpr bool kAbsolute = false;
  static constexpr float kSpread = 2;
  static constexpr RangeSearch kPlain{15, -1.0f, 0.1f, 20}, kWeighted{15, -0.9f, 0.05f, 36};

  static void weigh_plain(const Wide* x, Wide* w) { weigh_above_mean(x, w); }
  static void pack(const Rounded<8>& in, Block& block) {
    block.d = in.d;
    block.dmin = in.dmin;
    pack_scale_pairs(in.scales, in.minimums, block.scales);
    pack_nibbles(in.codes, block.qs);
  }
};

struct Q5K {
  using Block = Quant<QuantType::q5_k>::Block;
  static constexpr int kGroup = 32, kScaleLimit = 63;
  static constexpr bool kAbsolute = false;
  static constexpr float kSpread = 2;
  static constexpr RangeSearch kPlain{31, -0.5f, 0.1f, 15}, kWeighted{31, -0.9f, 0.05f, 36};

  static void weigh_plain(const Wide* x, Wide* w) { weigh_above_mean(x, w); }
  static void pack(const Rounded<8>& in, Block& block) {
    block.d = in.d;
    block.dmin = in.dmin;
    pack_scale_pairs(in.scales, in.minimums, block.scales);
    pack_nibbles(in.codes, block.qs);
    for (int i = 0; i < 32; ++i) {
      int bits = 0;
      for (int group = 0; group < 8; ++group) bits |= (in.codes[32 * group + i] >> 4) << group;
      block.qh[i] = static_cast<std::uint8_t>(bits);
    }
  }
};

template <class Format, bool kImportance>
void search_ranges(const Stretch& in, GroupFits<Format::kGroup>& fits) {
  constexpr int kGroup = Format::kGroup;
  float spread[kLanes];
  if constexpr (kImportance) store(Format::kSpread * mean_squares(in), spread);
  for_tiles<kGroup, kWide>(in.blocks, [&](const Tile& tile) {
    Wide x[kGroup], w[kGroup];
    load_tile<kGroup>(in.x + tile.first * kGroup, kGroup, tile.live, x);
    Wide* codes = fits.codes[tile.first / kWide];
    RangeFit<Wide> fit;
    if constexpr (kImportance) {
      Wide importance[kGroup];
      load_tile<kGroup>(in.importance + tile.first * kGroup, kGroup, tile.live, importance);
      weigh<kGroup>(importance, x, of_groups<kGroup, Wide>(spread, tile), w);
      fit = fit_range<kGroup, false>(x, w, Format::kWeighted, codes);
      store(sum<kGroup>(w), fits.weight + tile.first);
    } else {
      Format::weigh_plain(x, w);
      fit = fit_range<kGroup, Format::kAbsolute>(x, w, Format::kPlain, codes);
    }
    store(fit.scale, fits.scale + tile.first);
    store(fit.minimum, fits.minimum + tile.first);
  });
}

template <class Format, bool kImportance>
void encode_ranges(const Stretch& in, typename Format::Block* out) {
  constexpr int kGroup = Format::kGroup, kPerBlock = kSuper / kGroup;
  GroupFits<kGroup> fits;
  search_ranges<Format, kImportance>(in, fits);
  SuperScales<kPerBlock> scales, minimums;
  if constexpr (kImportance) {
    scale_by_weight(fits.scale, fits.weight, in.blocks, Format::kScaleLimit, scales);
    scale_by_weight(fits.minimum, fits.weight, in.blocks, Format::kScaleLimit, minimums);
  } else {
    scale_to_largest(fits.scale, in.blocks, Format::kScaleLimit, scales);
    scale_to_largest(fits.minimum, in.blocks, Format::kScaleLimit, minimums);
  }
  constexpr CodeRange kRange{0, static_cast<float>(Format::kPlain.limit), 0};
  for (int block = 0; block < in.blocks; ++block) {
    const int first = block * kPerBlock;
    Rounded<kPerBlock> rounded;
    for (int group = 0; group < kPerBlock; ++group) {
      std::uint8_t* codes = rounded.codes + group * kGroup;
      const float scale = scales.scale[block] * static_cast<float>(scales.code[first + group]);
      const float minimum = minimums.scale[block] * static_cast<float>(minimums.code[first + group]);
      if (scale == 0) {
        keep_codes(fits, first + group, codes);
      } else {
        round_group<kGroup>(in.x + (first + group) * kGroup, scale, minimum, kRange, codes);
      }
    }
    rounded.scales = scales.code + first;
    rounded.minimums = minimums.code + first;
    rounded.d = half_of(scales.bits, block);
    rounded.dmin = half_of(minimums.bits, block);
    Format::pack(rounded, out[block]);
  }
}

struct Q3K {
  using Block = Quant<QuantType::q3_k>::Block;
  static constexpr int kLimit = 4;

  /// Scales -32 to 31, the largest with the code that only the negative side has.
  template <bool kImportance>
  static void scale(const GroupFits<16>& fits, int blocks, SuperScales<16>& out) {
    Floats s[16], w[16], codes[16];
    load_tile<16>(fits.scale, 16, blocks, s);
    if constexpr (kImportance) {
      load_tile<16>(fits.weight, 16, blocks, w);
      const Floats scale = fit_signed<16>(s, w, 32, codes);
      for (Floats& code : codes) code -= 32.0f;
      out.set(scale, codes);
    } else {
      const Floats largest = signed_largest<16>(s), inverse = -32.0f / largest;
      const Ints used = largest != 0.0f;
      for (int group = 0; group < 16; ++group)
        codes[group] = select(used, nearest(inverse * s[group], -32, 31), splat(-32.0f));
      out.set(select(used, 1.0f / inverse, Floats{}), codes);
    }
  }

  template <bool kImportance>
  static Wide search(const Wide* x, const Wide* w, Wide* codes) {
    if constexpr (kImportance) return fit_signed<16>(x, w, kLimit, codes);
    return fit_signed_by_descent<16>(x, kLimit, codes);
  }

  static void weigh(const Wide* importance, const Wide* x, const Wide& spread, Wide* w) {
    encoding::weigh<16>(importance, x, 2.0f * spread, w);
  }

  static void pack(const Rounded<16>& in, Block& block) {
    pack_two_bits(in.codes, block.qs);
    for (int i = 0; i < 32; ++i) {
      int bits = 0;
      for (int group = 0; group < 8; ++group) bits |= (in.codes[32 * group + i] >> 2) << group;
      block.hmask[i] = static_cast<std::uint8_t>(bits);
    }
    std::memset(block.scales, 0, sizeof block.scales);
    for (int j = 0; j < 16; ++j) {
      const int code = in.scales[j] + 32;
      block.scales[j % 8] = static_cast<std::uint8_t>(block.scales[j % 8] | (code & 15) << (4 * (j / 8)));
      block.scales[8 + j % 4] =
          static_cast<std::uint8_t>(block.scales[8 + j % 4] | (code >> 4) << (2 * (j / 4)));
    }
    block.d = in.d;
  }
};

struct Q6K {
  using Block = Quant<QuantType::q6_k>::Block;
  static constexpr int kLimit = 32;

  template <bool kImportance>
  static void scale(const GroupFits<16>& fits, int blocks, SuperScales<16>& out) {
    Floats s[16];
    load_tile<16>(fits.scale, 16, blocks, s);
    const Floats largest = signed_largest<16>(s), inverse = -128.0f / largest;
    const Ints used = magnitude(largest) >= kZeroGroup;
    for (Floats& scale : s) scale = select(used, nearest(inverse * scale, -128, 127), Floats{});
    out.set(select(used, 1.0f / inverse, Floats{}), s);
    out.used = used;
  }

  template <bool kImportance>
  static Wide search(const Wide* x, const Wide* w, Wide* codes) {
    return fit_signed<16>(x, w, kLimit, codes);
  }

  static void weigh(const Wide* importance, const Wide*, const Wide&, Wide* w) {
    for (int i = 0; i < 16; ++i) w[i] = importance[i];
  }

  static void pack(const Rounded<16>& in, Block& block) {
    for (int half = 0; half < 2; ++half) {
      const std::uint8_t* run = in.codes + 128 * half;
      for (int i = 0; i < 64; ++i)
        block.ql[64 * half + i] = static_cast<std::uint8_t>((run[i] & 15) | (run[i + 64] & 15) << 4);
      for (int i = 0; i < 32; ++i)
        block.qh[32 * half + i] = static_cast<std::uint8_t>(
            run[i] >> 4 | (run[i + 32] >> 4) << 2 | (run[i + 64] >> 4) << 4 | (run[i + 96] >> 4) << 6);
    }
    for (int j = 0; j < 16; ++j) block.scales[j] = static_cast<std::int8_t>(in.scales[j]);
    block.d = in.d;
  }
};

template <class Format, bool kImportance>
void search_signed(const Stretch& in, GroupFits<16>& fits) {
  float spread[kLanes];
  if constexpr (kImportance) store(mean_squares(in), spread);
  for_tiles<16, kWide>(in.blocks, [&](const Tile& tile) {
    Wide x[16], w[16];
    load_tile<16>(in.x + tile.first * 16, 16, tile.live, x);
    if constexpr (kImportance) {
      Wide importance[16];
      load_tile<16>(in.importance + tile.first * 16, 16, tile.live, importance);
      Format::weigh(importance, x, of_groups<16, Wide>(spread, tile), w);
      store(sum<16>(w), fits.weight + tile.first);
    } else {
      weigh_by_square<16>(x, w);
    }
    const Wide scale = Format::template search<kImportance>(x, w, fits.codes[tile.first / kWide]);
    store(scale, fits.scale + tile.first);
  });
}

template <class Format, bool kImportance>
void encode_signed(const Stretch& in, typename Format::Block* out) {
  GroupFits<16> fits;
  search_signed<Format, kImportance>(in, fits);
  SuperScales<16> scales;
  Format::template scale<kImportance>(fits, in.blocks, scales);
  constexpr auto kTop = static_cast<float>(Format::kLimit);
  constexpr CodeRange kRange{-kTop, kTop - 1, kTop};
  for (int block = 0; block < in.blocks; ++block) {
    const int first = block * 16;
    Rounded<16> rounded;
    for (int group = 0; group < 16; ++group) {
      std::uint8_t* codes = rounded.codes + group * 16;
      const float scale = scales.scale[block] * static_cast<float>(scales.code[first + group]);
      if (scales.used[block] == 0) {
        std::memset(codes, 0, 16);
      } else if (scale == 0) {
        keep_codes(fits, first + group, codes);
      } else {
        round_group<16>(in.x + (first + group) * 16, scale, 0, kRange, codes);
      }
    }
    rounded.scales = scales.code + first;
    rounded.minimums = nullptr;
    rounded.d = half_of(scales.bits, block);
    rounded.dmin = 0;
    Format::pack(rounded, out[block]);
  }
}

template <class Format>
void encode_range_row(const EncodeRow& row, std::byte* out) {
  for_stretches<typename Format::Block>(row, out, [](const Stretch& in, typename Format::Block* blocks) {
    in.importance != nullptr ? encode_ranges<Format, true>(in, blocks)
                             : encode_ranges<Format, false>(in, blocks);
  });
}

template <class Format>
void encode_signed_row(const EncodeRow& row, std::byte* out) {
  for_stretches<typename Format::Block>(row, out, [](const Stretch& in, typename Format::Block* blocks) {
    in.importance != nullptr ? encode_signed<Format, true>(in, blocks)
                             : encode_signed<Format, false>(in, blocks);
  });
}

}  // namespace
}  // namespace glim::encoding
