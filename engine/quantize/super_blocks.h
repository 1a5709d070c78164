#pragma once

#include <cstddef>
#include <cstring>

#include "engine/quantize/encoders.h"
#include "engine/quantize/searches.h"
#include "engine/quantize/weights.h"

/// What the formats with super-blocks of 256 values share: the walk over a row, the weights, the scales of
/// groups.
namespace glim::encoding {
namespace {

constexpr int kSuper = 256;

/// Up to kLanes neighbouring super-blocks of a row.
struct Stretch {
  const float* x;
  const float* importance;  ///< null without
  int blocks;
};

/// Calls encode(Stretch, Block*) for the whole row.
template <class Block, class Encode>
void for_stretches(const EncodeRow& row, std::byte* out, Encode encode) {
  const std::size_t blocks = row.in.size() / kSuper;
  const float* importance = row.importance.empty() ? nullptr : row.importance.data();
  Block encoded[kLanes];
  for (std::size_t first = 0; first < blocks; first += kLanes) {
    const std::size_t count = blocks - first < kLanes ? blocks - first : kLanes;
    const std::size_t at = first * kSuper;
    encode(Stretch{row.in.data() + at, importance == nullptr ? nullptr : importance + at,
                   static_cast<int>(count)},
           encoded);
    std::memcpy(out + first * sizeof(Block), encoded, count * sizeof(Block));
  }
}

/// What the search found for the groups of a stretch, in their order in the row.
template <int kGroup>
struct GroupFits {
  static constexpr int kPerBlock = kSuper / kGroup, kCount = kLanes * kPerBlock;
  float scale[kCount], minimum[kCount];
  float weight[kCount];                ///< sum of the weights of a group
  Wide codes[kCount / kWide][kGroup];  ///< codes of kWide groups each

  float code(int group, int i) const { return codes[group / kWide][i][group % kWide]; }
};

/// Groups that are searched at the same time; `live` of the lanes exist.
struct Tile {
  int first, live;
};

template <int kGroup, int kStep, class Search>
void for_tiles(int blocks, Search search) {
  const int groups = blocks * (kSuper / kGroup);
  for (int first = 0; first < groups; first += kStep)
    search(Tile{first, groups - first < kStep ? groups - first : kStep});
}

/// Mean square of each super-block.
inline Floats mean_squares(const Stretch& in) {
  Floats sum{};
  constexpr int kStep = 32;
  for (int at = 0; at < kSuper; at += kStep) {
    Floats x[kStep];
    load_tile<kStep>(in.x + at, kSuper, in.blocks, x);
    for (int i = 0; i < kStep; ++i) sum += x[i] * x[i];
  }
  return sum / static_cast<float>(kSuper);
}

/// The value of every lane's super-block, where lanes are groups.
template <int kGroup, class Vector>
Vector of_groups(const float* per_block, const Tile& tile) {
  float lanes[kWide] = {};
  for (int lane = 0; lane < tile.live; ++lane)
    lanes[lane] = per_block[(tile.first + lane) / (kSuper / kGroup)];
  Vector out;
  load_tile<1>(lanes, 1, kWide, &out);
  return out;
}

/// Scale codes of the groups of a stretch, and the scale of each super-block rounded to f16.
template <int kPerBlock>
struct SuperScales {
  int code[kLanes * kPerBlock];
  Ints bits;              ///< f16
  Ints used = splat(-1);  ///< zero where all codes of the super-block are to be zero
  float scale[kLanes];

  void set(Floats exact, const Floats* codes) {
    bits = to_f16_bits(exact);
    store(from_f16_bits(bits), scale);
    for (int group = 0; group < kPerBlock; ++group) {
      const Ints whole = to_ints(codes[group]);
      for (int lane = 0; lane < kLanes; ++lane) code[lane * kPerBlock + group] = whole[lane];
    }
  }
};

/// Codes from 0 to `limit`, the largest scale exactly at the top.
template <int kPerBlock>
void scale_to_largest(const float* scales, int blocks, int limit, SuperScales<kPerBlock>& out) {
  const auto top = static_cast<float>(limit);
  Floats s[kPerBlock], largest{};
  load_tile<kPerBlock>(scales, kPerBlock, blocks, s);
  for (const Floats& scale : s) largest = larger(scale, largest);
  const Floats inverse = select(largest > 0.0f, top / largest, Floats{});
  for (Floats& scale : s) scale = nearest(inverse * scale, 0, top);
  out.set(largest / top, s);
}

/// The same by least squares; a group counts with the weights of its values.
template <int kPerBlock>
void scale_by_weight(const float* scales, const float* weights, int blocks, int limit,
                     SuperScales<kPerBlock>& out) {
  Floats s[kPerBlock], w[kPerBlock], codes[kPerBlock];
  load_tile<kPerBlock>(scales, kPerBlock, blocks, s);
  load_tile<kPerBlock>(weights, kPerBlock, blocks, w);
  const Floats scale = fit_positive<kPerBlock>(s, w, limit, codes);
  out.set(scale, codes);
}

/// Codes before `bias` is added.
struct CodeRange {
  float low, high, bias;
};

/// Codes of (x + offset) / scale.
template <int kGroup>
void round_group(const float* x, float scale, float offset, const CodeRange& range, std::uint8_t* codes) {
  for (int i = 0; i < kGroup; i += kLanes) {
    const Ints whole = to_ints(nearest((load(x + i) + offset) / scale, range.low, range.high) + range.bias);
    store_bytes(whole, codes + i);
  }
}

/// The codes of the search.
template <int kGroup>
void keep_codes(const GroupFits<kGroup>& fits, int group, std::uint8_t* codes) {
  for (int i = 0; i < kGroup; ++i) codes[i] = static_cast<std::uint8_t>(fits.code(group, i));
}

}  // namespace
}  // namespace glim::encoding
