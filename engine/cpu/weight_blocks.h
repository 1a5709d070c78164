#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/quant/quant_type.h"
#include "engine/quant/scale_pairs.h"

namespace glim::cpu {

/// Weights of one format as vectors of eight floats, exactly the values that decode_row gives. The layouts
/// are stated in the header of each format in engine/quant. A specialisation has
///   kValues, kBytes      of one block
///   kParts               equal pieces of a block that can be decoded one by one
///   part(block, p, use)  calls use(v, floats) for the vectors v = 0, 1, ... of piece p
/// A format without a specialisation goes through decode_row.
template <class L, QuantType type>
struct WeightBlocks;

/// Formats without blocks: eight values at a time.
template <class L>
struct WeightBlocks<L, QuantType::f32> {
  static constexpr int kValues = 8, kBytes = 32, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int, Use use) {
    use(0, L::f32(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::f16> {
  static constexpr int kValues = 8, kBytes = 16, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int, Use use) {
    use(0, L::f16(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::bf16> {
  static constexpr int kValues = 8, kBytes = 16, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int, Use use) {
    use(0, L::bf16(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q8_0> {
  static constexpr int kValues = 32, kBytes = 34, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int, Use use) {
    const auto d = L::set(L::half(block));
    for (int v = 0; v < 4; ++v) use(v, L::mul(L::floats(L::i8(block + 2 + 8 * v)), d));
  }
};

/// The four formats of 32 values with nibbles: bytes 0-15 hold the values 0-15 low and 16-31 high.
/// value = (nibble + fifth bit - kCentre) * d + m
template <class L, bool kFifthBit, bool kMinimum>
struct NibbleBlocks {
  static constexpr int kHeader = kMinimum ? 4 : 2, kBits = kFifthBit ? 4 : 0;
  static constexpr int kValues = 32, kBytes = kHeader + kBits + 16, kParts = 1;
  static constexpr int kCentre = kMinimum ? 0 : kFifthBit ? 16 : 8;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int, Use use) {
    const auto d = L::set(L::half(block));
    const auto m = L::set(kMinimum ? L::half(block + 2) : 0.0f);
    for (int v = 0; v < 4; ++v) {
      const auto bytes = L::u8(block + kHeader + kBits + 8 * (v % 2));
      auto q = v < 2 ? L::masked(bytes, 15) : L::right(bytes, 4);
      if constexpr (kFifthBit) {
        q = L::either(q, L::left(L::bits(static_cast<std::uint8_t>(block[kHeader + v])), 4));
      }
      const auto value = L::floats(L::minus(q, kCentre));
      use(v, kMinimum ? L::fma(value, d, m) : L::mul(value, d));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q4_0> : NibbleBlocks<L, false, false> {};
template <class L>
struct WeightBlocks<L, QuantType::q4_1> : NibbleBlocks<L, false, true> {};
template <class L>
struct WeightBlocks<L, QuantType::q5_0> : NibbleBlocks<L, true, false> {};
template <class L>
struct WeightBlocks<L, QuantType::q5_1> : NibbleBlocks<L, true, true> {};

/// Q4_K and Q5_K; a piece is two groups of 32 values that share 32 bytes of nibbles.
template <class L, bool kFifthBit>
struct PairedBlocks {
  static constexpr int kBits = kFifthBit ? 32 : 0;
  static constexpr int kValues = 256, kBytes = 16 + kBits + 128, kParts = 4;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int p, Use use) {
    std::uint8_t packed[12];
    std::memcpy(packed, block + 4, sizeof packed);
    const float d = L::half(block), dmin = L::half(block + 2);
    const std::byte* nibbles = block + 16 + kBits + 32 * p;
    for (int high = 0; high < 2; ++high) {
      const int group = 2 * p + high;
      const ScalePair pair = scale_pair(packed, group);
      const auto scale = L::set(d * static_cast<float>(pair.scale));
      const auto minimum = L::set(-(dmin * static_cast<float>(pair.minimum)));
      for (int v = 0; v < 4; ++v) {
        const auto bytes = L::u8(nibbles + 8 * v);
        auto q = high != 0 ? L::right(bytes, 4) : L::masked(bytes, 15);
        if constexpr (kFifthBit) {
          const auto bit = L::masked(L::right(L::u8(block + 16 + 8 * v), group), 1);
          q = L::either(q, L::left(bit, 4));
        }
        use(4 * high + v, L::fma(scale, L::floats(q), minimum));
      }
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q4_k> : PairedBlocks<L, false> {};
template <class L>
struct WeightBlocks<L, QuantType::q5_k> : PairedBlocks<L, true> {};

/// A piece is one run of 32 values.
template <class L>
struct WeightBlocks<L, QuantType::q6_k> {
  static constexpr int kValues = 256, kBytes = 210, kParts = 8;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, int p, Use use) {
    const int half = p / 4, run = p % 4;
    const std::byte* low = block + 64 * half + 32 * (run % 2);
    const std::byte* high = block + 128 + 32 * half;
    const float d = L::half(block + 208);
    for (int v = 0; v < 4; ++v) {
      const auto scale = static_cast<std::int8_t>(block[192 + 2 * p + v / 2]);
      const auto nibble = L::masked(L::right(L::u8(low + 8 * v), 4 * (run / 2)), 15);
      const auto top = L::masked(L::right(L::u8(high + 8 * v), 2 * run), 3);
      const auto q = L::floats(L::minus(L::either(nibble, L::left(top, 4)), 32));
      use(v, L::mul(L::set(d * static_cast<float>(scale)), q));
    }
  }
};

}  // namespace glim::cpu
