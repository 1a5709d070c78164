#pragma once

#include <cstddef>
#include <cstring>

#include "engine/quantize/encoders.h"
#include "engine/quantize/weights.h"

/// The walk over rows of independent blocks, kLanes blocks at a time.
namespace glim::encoding {
namespace {

/// Up to kLanes neighbouring blocks of `length` values; lane k is block k.
struct BlockTile {
  const float* x;
  const float* importance;  ///< null without
  int length, live;
  float row_mean_square;  ///< of the whole row; only with importance

  template <int kCount>
  void load(Floats* out) const {
    load_tile<kCount>(x, length, live, out);
  }
  template <int kCount>
  void load_importance(Floats* out) const {
    load_tile<kCount>(importance, length, live, out);
  }
};

inline float row_mean_square(std::span<const float> row) {
  float sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) sum += row[i] * row[i];
  return sum / static_cast<float>(row.size());
}

/// Format: Block, kValues, static encode(const BlockTile&, Block*).
template <class Format>
void encode_block_row(const EncodeRow& row, std::byte* out) {
  using Block = typename Format::Block;
  constexpr auto kValues = static_cast<std::size_t>(Format::kValues);
  const std::size_t blocks = row.in.size() / kValues;
  const bool weighted = !row.importance.empty();
  BlockTile tile{row.in.data(), weighted ? row.importance.data() : nullptr, Format::kValues, kLanes,
                 weighted ? row_mean_square(row.in) : 0};
  Block encoded[kLanes];
  for (std::size_t first = 0; first < blocks; first += kLanes) {
    const std::size_t count = blocks - first < kLanes ? blocks - first : kLanes;
    tile.live = static_cast<int>(count);
    Format::encode(tile, encoded);
    std::memcpy(out + first * sizeof(Block), encoded, count * sizeof(Block));
    tile.x += kLanes * kValues;
    if (weighted) tile.importance += kLanes * kValues;
  }
}

/// Byte i of qs: value i in the low nibble, value i + 16 in the high one.
template <class Block>
void pack_split_nibbles(const Ints* codes, int live, Block* blocks) {
  for (int i = 0; i < 16; ++i) {
    const Ints both = (codes[i] & 15) | (codes[i + 16] & 15) << 4;
    for (int lane = 0; lane < live; ++lane) blocks[lane].qs[i] = static_cast<std::uint8_t>(both[lane]);
  }
}

/// The fifth bits of 32 codes.
template <class Block>
void pack_fifth_bits(const Ints* codes, int live, Block* blocks) {
  for (int byte = 0; byte < 4; ++byte) {
    Ints bits{};
    for (int i = 0; i < 8; ++i) bits |= ((codes[8 * byte + i] >> 4) & 1) << i;
    for (int lane = 0; lane < live; ++lane) blocks[lane].qh[byte] = static_cast<std::uint8_t>(bits[lane]);
  }
}

}  // namespace
}  // namespace glim::encoding
