#pragma once

#include "engine/cpu/level_tables.h"
#include "engine/cpu/weight_blocks.h"

namespace glim::cpu {

/// Formats whose codes are places in a table of levels; see weight_blocks.h.

/// 32 values in sixteen bytes of nibbles, the low ones first.
template <class L, class Use>
[[gnu::always_inline]] inline void use_nibbles(const std::byte* qs, const float* levels,
                                               const typename L::Floats (&scales)[2], Use use) {
  for (int v = 0; v < 4; ++v) {
    const auto bytes = L::u8(qs + 8 * (v % 2));
    const auto index = v < 2 ? L::masked(bytes, 15) : L::right(bytes, 4);
    use(v, L::mul(L::pick(levels, index), scales[v / 2]));
  }
}

template <class L>
struct WeightBlocks<L, QuantType::iq4_nl> : NoHeader {
  static constexpr int kValues = 32, kBytes = 18, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto d = L::set(L::half(block));
    use_nibbles<L>(block + 2, kUneven.data(), {d, d}, use);
  }
};

template <class L>
struct WeightBlocks<L, QuantType::mxfp4> : NoHeader {
  static constexpr int kValues = 32, kBytes = 17, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto d = L::set(kHalfPowers[static_cast<std::uint8_t>(block[0])]);
    use_nibbles<L>(block + 1, kFp4.data(), {d, d}, use);
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q4_0_rocmfp4> : NoHeader {
  static constexpr int kValues = 32, kBytes = 18, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto low = L::set(kHalfE4m3[static_cast<std::uint8_t>(block[16])]);
    const auto high = L::set(kHalfE4m3[static_cast<std::uint8_t>(block[17])]);
    use_nibbles<L>(block, kRocmFp4.data(), {low, high}, use);
  }
};

template <class L>
struct WeightBlocks<L, QuantType::q4_0_rocmfp4_fast> : NoHeader {
  static constexpr int kValues = 32, kBytes = 17, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    const auto d = L::set(kHalfE4m3[static_cast<std::uint8_t>(block[16])]);
    use_nibbles<L>(block, kRocmFp4.data(), {d, d}, use);
  }
};

/// A piece is one group of 32 values.
template <class L>
struct WeightBlocks<L, QuantType::iq4_xs> {
  static constexpr int kValues = 256, kBytes = 136, kParts = 8;

  struct Header {
    float scale[8];  ///< of the groups
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    const std::uint32_t high = number_at<std::uint16_t>(block + 2), low = number_at<std::uint32_t>(block + 4);
    const auto nibbles = L::masked(L::fields(low, low >> 16, 4), 15);
    const auto tops = L::masked(L::fields(high, high >> 8, 2), 3);
    Header out;
    const auto codes = L::minus(L::either(nibbles, L::left(tops, 4)), 32);
    L::store(out.scale, L::mul(L::floats(codes), L::set(L::half(block))));
    return out;
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const auto d = L::set(header.scale[p]);
    use_nibbles<L>(block + 8 + 16 * p, kUneven.data(), {d, d}, use);
  }
};

/// A piece is one group of 16 values.
template <class L>
struct WeightBlocks<L, QuantType::nvfp4> : NoHeader {
  static constexpr int kValues = 64, kBytes = 36, kParts = 4;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const auto d = L::set(kNvFp4Scales[static_cast<std::uint8_t>(block[p])]);
    const auto bytes = L::u8(block + 4 + 8 * p);
    use(0, L::mul(L::pick(kFp4.data(), L::masked(bytes, 15)), d));
    use(1, L::mul(L::pick(kFp4.data(), L::right(bytes, 4)), d));
  }
};

/// Eight codes of six bits are six bytes; reading eight stays inside the block, whose scales come last.
template <class L>
struct WeightBlocks<L, QuantType::q6_0_rocmfpx> : NoHeader {
  static constexpr int kValues = 32, kBytes = 26, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    for (int v = 0; v < 4; ++v) {
      const auto codes = number_at<std::uint64_t>(block + 6 * v);
      const auto index = L::masked(
          L::fields(static_cast<std::uint32_t>(codes), static_cast<std::uint32_t>(codes >> 24), 6), 63);
      const float d = kHalfE4m3[static_cast<std::uint8_t>(block[24 + v / 2])];
      use(v, L::mul(L::look_up(kRocmFp6.data(), index), L::set(d)));
    }
  }
};

/// The same with three bits and three bytes.
template <class L>
struct WeightBlocks<L, QuantType::q3_0_rocmfpx> : NoHeader {
  static constexpr int kValues = 32, kBytes = 14, kParts = 1;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int, Use use) {
    for (int v = 0; v < 4; ++v) {
      const auto codes = number_at<std::uint32_t>(block + 3 * v);
      const auto index = L::masked(L::fields(codes, codes >> 12, 3), 7);
      const float d = kHalfE4m3[static_cast<std::uint8_t>(block[12 + v / 2])];
      use(v, L::mul(L::pick(kRocmFp3.data(), index), L::set(d)));
    }
  }
};

}  // namespace glim::cpu
