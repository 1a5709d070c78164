#pragma once

#include "engine/cpu/weight_blocks.h"
#include "engine/quant/normal_levels.h"

namespace glim::cpu {

/// Blocks of the cache formats that rotate, in the rotated basis. A specialisation has kValues, kBytes and
///   each(block, use)  calls use(v, floats) for the vectors v = 0, 1, ... of the block
template <class L, QuantType type>
struct RotatedBlocks;

template <class L>
struct RotatedBlocks<L, QuantType::rot4> {
  static constexpr int kValues = 64, kBytes = 34;
  template <class Use>
  [[gnu::always_inline]] static void each(const std::byte* block, Use use) {
    const auto d = L::set(L::half(block));
    for (int v = 0; v < 8; ++v) {
      const auto bytes = L::u8(block + 2 + 8 * (v % 4));
      const auto index = v < 4 ? L::masked(bytes, 15) : L::right(bytes, 4);
      use(v, L::mul(L::pick(kRot4Levels.data(), index), d));
    }
  }
};

template <class L>
struct RotatedBlocks<L, QuantType::rot3> {
  static constexpr int kValues = 64, kBytes = 26;
  alignas(32) static constexpr auto kLevels = [] {
    std::array<float, 16> out = {};
    for (std::size_t i = 0; i < kRot3Levels.size(); ++i) out[i] = kRot3Levels[i];
    return out;
  }();
  template <class Use>
  [[gnu::always_inline]] static void each(const std::byte* block, Use use) {
    const auto d = L::set(L::half(block));
    for (int v = 0; v < 8; ++v) {
      const auto low = L::masked(L::right(L::u8(block + 2 + 8 * (v % 2)), 2 * (v / 2)), 3);
      const auto high = L::left(L::bits(static_cast<std::uint8_t>(block[18 + v])), 2);
      use(v, L::mul(L::pick(kLevels.data(), L::either(low, high)), d));
    }
  }
};

}  // namespace glim::cpu
