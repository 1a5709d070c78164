#pragma once

#include "engine/cpu/panel_lattice.h"
#include "engine/cpu/panel_words.h"

namespace glim::cpu {

/// Interleaved formats whose codes are points of a grid (panel_words.h, panel_lattice.h). Points are looked
/// up one by one; the rest is done for 16 rows at once.

/// The highest bit of a byte where a number of four bits has an odd number of ones.
alignas(16) inline constexpr std::uint8_t kOddOnes[16] = {0,    0x80, 0x80, 0,    0x80, 0,    0,    0x80,
                                                          0x80, 0,    0,    0x80, 0,    0x80, 0x80, 0};

template <class L>
struct PointWords : WordReader<L> {
  using Codes = typename L::Codes;
  using Scales = typename L::Scales;
  static constexpr int kOdd = 2;

  /// The points of a block: eight codes each.
  struct Points {
    alignas(64) std::uint64_t at[kPanelCols / 8][kPanelRows];
    /// Both quads of columns of point v.
    [[gnu::always_inline]] void split(int v, Codes& first, Codes& second) const {
      L::split_points(at[v], first, second);
    }
  };

  /// Byte i of the block's words, for one row.
  [[gnu::always_inline]] static int byte_of(const InterleavedBlock& block, int i, int row) {
    return code_at(block.words + 64 * (i / 4) + 4 * row + i % 4);
  }
  /// 16 bits from byte i on; i is even.
  [[gnu::always_inline]] static int pair_of(const InterleavedBlock& block, int i, int row) {
    return number_at<std::uint16_t>(block.words + 64 * (i / 4) + 4 * row + i % 4);
  }
  template <typename Point>
  [[gnu::always_inline]] static void look_up_all(Points& points, const Point& point) {
    for (int v = 0; v < kPanelCols / 8; ++v) {
      for (int r = 0; r < kPanelRows; ++r) points.at[v][r] = point(v, r);
    }
  }

  /// The eighth sign of each byte follows from the seven that it has.
  [[gnu::always_inline]] static Codes all_signs(Codes seven) {
    return L::join(seven, L::exclusive(L::picked(kOddOnes, PointWords::low(seven)),
                                       L::picked(kOddOnes, PointWords::high(seven))));
  }
  /// Signs of four points as bytes of a word, from 28 bits.
  [[gnu::always_inline]] static Codes packed_signs(Codes words) {
    const Codes even = L::join(L::keep(words, 0x7f), L::keep(L::template up<1>(words), 0x7f00));
    const Codes odd =
        L::join(L::keep(L::template up<2>(words), 0x7f0000), L::keep(L::template up<3>(words), 0x7f000000));
    return all_signs(L::join(even, odd));
  }
  /// Codes of point v, whose signs are byte `b` of each word.
  [[gnu::always_inline]] static void store_signed(const Points& points, int v, Codes signs, int b,
                                                  const BlockTarget& out) {
    Codes first, second;
    points.split(v, first, second);
    L::store_codes(out.codes[2 * v], L::signed_codes(first, signs, 2 * b, kPointZero));
    L::store_codes(out.codes[2 * v + 1], L::signed_codes(second, signs, 2 * b + 1, kPointZero));
  }
  /// d * (number + 1 / 2)
  [[gnu::always_inline]] static Scales half_steps(Scales d, Codes numbers) {
    return L::times(d, L::less(L::numbers(numbers), -0.5f));
  }
  /// d * (2 * number + 1)
  [[gnu::always_inline]] static Scales odd_steps(Scales d, Codes numbers) {
    return L::times(d, L::less(L::numbers(L::template up<1>(numbers)), -1));
  }
  /// Groups whose signs are the words from `first` on.
  [[gnu::always_inline]] static void store_signed_groups(const InterleavedBlock& block, int first,
                                                         const Points& points, const BlockTarget& out) {
    for (int p = 0; p < kBlockGroups; ++p) {
      const Codes signs = PointWords::word(block, first + p);
      for (int v = 0; v < 4; ++v) store_signed(points, 4 * p + v, signs, v, out);
    }
  }
  /// Groups whose signs and scale are every `step`-th word from `first` on: 28 bits and four.
  [[gnu::always_inline]] static void store_packed_groups(const InterleavedBlock& block, int first, int step,
                                                         const Points& points, Scales d,
                                                         const BlockTarget& out) {
    for (int p = 0; p < kBlockGroups; ++p) {
      const Codes word = PointWords::word(block, first + step * p);
      L::store_scales(out.scales[p], half_steps(d, L::template down<28>(word)));
      const Codes signs = packed_signs(word);
      for (int v = 0; v < 4; ++v) store_signed(points, 4 * p + v, signs, v, out);
    }
  }
  /// Scales of the halves of all groups, from the nibbles of two words.
  [[gnu::always_inline]] static void store_nibbles(Scales d, const InterleavedBlock& block, int first,
                                                   const BlockTarget& out) {
    for (int i = 0; i < 2; ++i) {
      const Codes words = PointWords::word(block, first + i);
      PointWords::each_byte([&]<int j>() {
        const Codes both = L::keep(L::template down<8 * j>(words), 255);
        L::store_scales(out.scales[8 * i + 2 * j], half_steps(d, L::keep(both, 15)));
        L::store_scales(out.scales[8 * i + 2 * j + 1], half_steps(d, L::template down<4>(both)));
      });
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::iq2_xxs> : PointWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      return kIq2XxsGrid[static_cast<std::size_t>(PanelWords::byte_of(block, v / 4 * 8 + v % 4, r))];
    });
    const auto d = L::times(L::halves(block.odd), L::same(0.25f));
    PanelWords::store_packed_groups(block, 1, 2, points, d, out);
  }
};

template <class L>
struct PanelWords<L, QuantType::iq2_xs> : PointWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      return kIq2XsGrid[static_cast<std::size_t>(PanelWords::pair_of(block, 2 * v, r) & 511)];
    });
    const auto d = L::times(L::halves(block.odd), L::same(0.25f));
    PanelWords::store_nibbles(d, block, 16, out);
    for (int w = 0; w < 16; ++w) {
      const auto word = PanelWords::word(block, w);
      const auto signs = PanelWords::all_signs(
          L::join(L::keep(L::template down<9>(word), 0x7f), L::keep(L::template down<17>(word), 0x7f00)));
      for (int v = 0; v < 2; ++v) PanelWords::store_signed(points, 2 * w + v, signs, v, out);
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::iq2_s> : PointWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      const int high = PanelWords::byte_of(block, 64 + v / 4, r) >> (2 * (v % 4)) & 3;
      return kIq2SGrid[static_cast<std::size_t>(PanelWords::byte_of(block, v, r) | high << 8)];
    });
    const auto d = L::times(L::halves(block.odd), L::same(0.25f));
    PanelWords::store_nibbles(d, block, 18, out);
    PanelWords::store_signed_groups(block, 8, points, out);
  }
};

/// Eight codes from two points of four.
[[gnu::always_inline]] inline std::uint64_t joined(std::uint32_t first, std::uint32_t second) {
  return first | static_cast<std::uint64_t>(second) << 32;
}

template <class L>
struct PanelWords<L, QuantType::iq3_xxs> : PointWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      const int both = PanelWords::pair_of(block, 2 * v, r);
      return joined(kIq3XxsGrid[static_cast<std::size_t>(both & 255)],
                    kIq3XxsGrid[static_cast<std::size_t>(both >> 8)]);
    });
    const auto d = L::times(L::halves(block.odd), L::same(0.5f));
    PanelWords::store_packed_groups(block, 16, 1, points, d, out);
  }
};

template <class L>
struct PanelWords<L, QuantType::iq3_s> : PointWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      const int both = PanelWords::pair_of(block, 2 * v, r);
      const int tops = PanelWords::byte_of(block, 64 + v / 4, r) >> (2 * (v % 4));
      return joined(kIq3SGrid[static_cast<std::size_t>((both & 255) | (tops & 1) << 8)],
                    kIq3SGrid[static_cast<std::size_t>(both >> 8 | (tops & 2) << 7)]);
    });
    const auto d = L::halves(block.odd);
    const auto scales = PanelWords::word(block, 26);
    PanelWords::each_byte([&]<int j>() {
      const auto both = L::keep(L::template down<8 * j>(scales), 255);
      L::store_scales(out.scales[2 * j], PanelWords::odd_steps(d, L::keep(both, 15)));
      L::store_scales(out.scales[2 * j + 1], PanelWords::odd_steps(d, L::template down<4>(both)));
    });
    PanelWords::store_signed_groups(block, 18, points, out);
  }
};

/// Codes of points that need no signs.
template <class L>
struct ShiftedWords : PointWords<L> {
  using Codes = typename L::Codes;
  [[gnu::always_inline]] static void store_all(const typename PointWords<L>::Points& points,
                                               const BlockTarget& out) {
    for (int v = 0; v < kPanelCols / 8; ++v) {
      Codes first, second;
      points.split(v, first, second);
      L::store_codes(out.codes[2 * v], first);
      L::store_codes(out.codes[2 * v + 1], second);
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::iq1_s> : ShiftedWords<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      const int word = PanelWords::pair_of(block, 32 + v / 4 * 2, r);
      const int index = PanelWords::byte_of(block, v, r) | (word >> (3 * (v % 4)) & 7) << 8;
      return shifted_point(kIq1Grid[static_cast<std::size_t>(index)], (word & 0x8000) != 0);
    });
    const auto d = L::times(L::halves(block.odd), L::same(0.125f));
    for (int i = 0; i < 4; ++i) {
      const auto both = PanelWords::word(block, 8 + i);
      L::store_scales(out.scales[2 * i], PanelWords::odd_steps(d, L::keep(L::template down<12>(both), 7)));
      L::store_scales(out.scales[2 * i + 1],
                      PanelWords::odd_steps(d, L::keep(L::template down<28>(both), 7)));
    }
    PanelWords::store_all(points, out);
  }
};

template <class L>
struct PanelWords<L, QuantType::iq1_m> : ShiftedWords<L> {
  static constexpr int kOdd = 0;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    typename PanelWords::Points points;
    PanelWords::look_up_all(points, [&](int v, int r) {
      const int high = PanelWords::byte_of(block, 32 + v / 2, r) >> (4 * (v % 2));
      const int index = PanelWords::byte_of(block, v, r) | (high & 7) << 8;
      return shifted_point(kIq1Grid[static_cast<std::size_t>(index)], (high & 8) != 0);
    });
    // Every 16 bits have four scales of three bits and a quarter of d.
    const auto first = PanelWords::word(block, 12), second = PanelWords::word(block, 13);
    const auto low =
        L::join(L::keep(L::template down<12>(first), 0xf), L::keep(L::template down<24>(first), 0xf0));
    const auto high =
        L::join(L::keep(L::template down<4>(second), 0xf00), L::keep(L::template down<16>(second), 0xf000));
    const auto d = L::times(L::low_halves(L::join(low, high)), L::same(0.125f));
    const auto scales = [&](auto words, float(*to)[kPanelRows]) {
      const auto store = [&]<int i>() {
        const auto bits = L::keep(L::template down<16 * (i / 4) + 3 * (i % 4)>(words), 7);
        L::store_scales(to[i], PanelWords::odd_steps(d, bits));
      };
      PanelWords::each_byte(
          [&]<int i>() { store.template operator()<i>(), store.template operator()<i + 4>(); });
    };
    scales(first, out.scales);
    scales(second, out.scales + 8);
    PanelWords::store_all(points, out);
  }
};

}  // namespace glim::cpu
