#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/quant/quant_type.h"

namespace glim::cpu {

/// Weights of one format as vectors of eight floats, exactly the values that decode_row gives. The layouts
/// are stated in the header of each format in engine/quant. A specialisation has
///   kValues, kBytes      of one block
///   kParts               equal pieces of a block that can be decoded one by one
///   Header, header(block)        what all pieces need, worked out once
///   part(block, header, p, use)  calls use(v, floats) for the vectors v = 0, 1, ... of piece p
/// A format without a specialisation goes through decode_row. More of them: code_blocks.h, table_blocks.h,
/// lattice_blocks.h.
template <class L, QuantType type>
struct WeightBlocks;

/// A number of a block, which needs no alignment.
template <typename Number>
[[gnu::always_inline]] inline Number number_at(const std::byte* p) {
  Number number;
  std::memcpy(&number, p, sizeof number);
  return number;
}

/// For blocks that are one piece.
struct NoHeader {
  struct Header {};
  [[gnu::always_inline]] static Header header(const std::byte*) { return {}; }
};

/// Formats without blocks: eight values at a time.
template <class L>
struct WeightBlocks<L, QuantType::f32> : NoHeader {
  static constexpr int kValues = 8, kBytes = 32, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    use(0, L::f32(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::f16> : NoHeader {
  static constexpr int kValues = 8, kBytes = 16, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    use(0, L::f16(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::bf16> : NoHeader {
  static constexpr int kValues = 8, kBytes = 16, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    use(0, L::bf16(block));
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q8_0> : NoHeader {
  static constexpr int kValues = 32, kBytes = 34, kParts = 1;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto d = L::set(L::half(block));
    for (int v = 0; v < 4; ++v) use(v, L::mul(L::floats(L::i8(block + 2 + 8 * v)), d));
  }
};

/// The four formats of 32 values with nibbles: bytes 0-15 hold the values 0-15 low and 16-31 high.
/// value = (nibble + fifth bit - kCentre) * d + m
template <class L, bool kFifthBit, bool kMinimum>
struct NibbleBlocks : NoHeader {
  static constexpr int kHeader = kMinimum ? 4 : 2, kBits = kFifthBit ? 4 : 0;
  static constexpr int kValues = 32, kBytes = kHeader + kBits + 16, kParts = 1;
  static constexpr int kCentre = kMinimum ? 0 : kFifthBit ? 16 : 8;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
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

  struct Header {
    float scale[8], minimum[8];  ///< of the groups; the minimum negated
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    std::uint32_t s[3], pairs[4];  // four six-bit numbers side by side; the layout is in scale_pairs.h
    std::memcpy(s, block + 4, sizeof s);
    pairs[0] = s[0] & 0x3f3f3f3f;
    pairs[1] = (s[2] & 0x0f0f0f0f) | ((s[0] >> 2) & 0x30303030);
    pairs[2] = s[1] & 0x3f3f3f3f;
    pairs[3] = ((s[2] >> 4) & 0x0f0f0f0f) | ((s[1] >> 2) & 0x30303030);
    std::byte bytes[16];
    std::memcpy(bytes, pairs, sizeof bytes);
    Header out;
    L::store(out.scale, L::mul(L::floats(L::u8(bytes)), L::set(L::half(block))));
    L::store(out.minimum, L::mul(L::floats(L::u8(bytes + 8)), L::set(-L::half(block + 2))));
    return out;
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const std::byte* nibbles = block + 16 + kBits + 32 * p;
    for (int high = 0; high < 2; ++high) {
      const int group = 2 * p + high;
      const auto scale = L::set(header.scale[group]), minimum = L::set(header.minimum[group]);
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

  struct Header {
    float scale[16];  ///< of every 16 values
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    const auto d = L::set(L::half(block + 208));
    Header out;
    L::store(out.scale, L::mul(L::floats(L::i8(block + 192)), d));
    L::store(out.scale + 8, L::mul(L::floats(L::i8(block + 200)), d));
    return out;
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const int half = p / 4, run = p % 4;
    const std::byte* low = block + 64 * half + 32 * (run % 2);
    const std::byte* high = block + 128 + 32 * half;
    for (int v = 0; v < 4; ++v) {
      const auto nibble = L::masked(L::right(L::u8(low + 8 * v), 4 * (run / 2)), 15);
      const auto top = L::masked(L::right(L::u8(high + 8 * v), 2 * run), 3);
      const auto q = L::floats(L::minus(L::either(nibble, L::left(top, 4)), 32));
      use(v, L::mul(L::set(header.scale[2 * p + v / 2]), q));
    }
  }
};

}  // namespace glim::cpu
