#pragma once

#include "engine/cpu/level_tables.h"
#include "engine/cpu/weight_blocks.h"

namespace glim::cpu {

/// Formats whose codes have one to three bits; see weight_blocks.h.

/// A piece is one run of 32 values.
template <class L>
struct WeightBlocks<L, QuantType::q2_k> {
  static constexpr int kValues = 256, kBytes = 84, kParts = 8;

  struct Header {
    float scale[16], minimum[16];  ///< of the groups; the minimum negated
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    const auto d = L::set(L::half(block + 80)), dmin = L::set(-L::half(block + 82));
    Header out;
    for (int i = 0; i < 16; i += 8) {
      const auto both = L::u8(block + i);
      L::store(out.scale + i, L::mul(L::floats(L::masked(both, 15)), d));
      L::store(out.minimum + i, L::mul(L::floats(L::right(both, 4)), dmin));
    }
    return out;
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const std::byte* qs = block + 16 + 32 * (p / 4);
    for (int v = 0; v < 4; ++v) {
      const int group = 2 * p + v / 2;
      const auto q = L::masked(L::right(L::u8(qs + 8 * v), 2 * (p % 4)), 3);
      use(v, L::fma(L::set(header.scale[group]), L::floats(q), L::set(header.minimum[group])));
    }
  }
};

/// A piece is one run of 32 values.
template <class L>
struct WeightBlocks<L, QuantType::q3_k> {
  static constexpr int kValues = 256, kBytes = 110, kParts = 8;

  struct Header {
    float scale[16];  ///< of the groups
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    const auto first = number_at<std::uint32_t>(block + 96), second = number_at<std::uint32_t>(block + 100),
               high = number_at<std::uint32_t>(block + 104);
    std::uint32_t codes[4];  // four six-bit numbers side by side
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t low = (i % 2 == 0 ? first : second) >> (4 * (i / 2));
      codes[i] = (low & 0x0f0f0f0f) | ((high >> (2 * i)) & 0x03030303) << 4;
    }
    std::byte bytes[16];
    std::memcpy(bytes, codes, sizeof bytes);
    const auto d = L::set(L::half(block + 108));
    Header out;
    for (int i = 0; i < 16; i += 8)
      L::store(out.scale + i, L::mul(L::floats(L::minus(L::u8(bytes + i), 32)), d));
    return out;
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const std::byte* qs = block + 32 + 32 * (p / 4);
    for (int v = 0; v < 4; ++v) {
      const auto low = L::masked(L::right(L::u8(qs + 8 * v), 2 * (p % 4)), 3);
      const auto high = L::masked(L::right(L::u8(block + 8 * v), p), 1);
      const auto q = L::floats(L::minus(L::either(low, L::left(high, 2)), 4));
      use(v, L::mul(L::set(header.scale[2 * p + v / 2]), q));
    }
  }
};

/// A piece is one run of 32 values.
template <class L>
struct WeightBlocks<L, QuantType::tq2_0> : NoHeader {
  static constexpr int kValues = 256, kBytes = 66, kParts = 8;
  using Header = NoHeader::Header;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const auto d = L::set(L::half(block + 64));
    for (int v = 0; v < 4; ++v) {
      const auto q = L::masked(L::right(L::u8(block + 32 * (p / 4) + 8 * v), 2 * (p % 4)), 3);
      use(v, L::mul(L::floats(L::minus(q, 1)), d));
    }
  }
};

/// A piece is 32 values.
template <class L>
struct WeightBlocks<L, QuantType::q1_0> : NoHeader {
  static constexpr int kValues = 128, kBytes = 18, kParts = 4;
  using Header = NoHeader::Header;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const auto minus_d = L::set(-L::half(block));
    for (int v = 0; v < 4; ++v)
      use(v, L::flip(minus_d, L::bits(static_cast<std::uint8_t>(block[2 + 4 * p + v]))));
  }
};

/// Signed bytes with an eight-bit scale.
template <class L>
struct WeightBlocks<L, QuantType::q8_0_rocmfpx> : NoHeader {
  static constexpr int kValues = 32, kBytes = 33, kParts = 1;
  using Header = NoHeader::Header;

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto d = L::set(kHalfE4m3[static_cast<std::uint8_t>(block[32])]);
    for (int v = 0; v < 4; ++v) use(v, L::mul(L::floats(L::i8(block + 8 * v)), d));
  }
};

}  // namespace glim::cpu
