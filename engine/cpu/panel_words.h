#pragma once

#include "engine/cpu/panel_codes.h"

namespace glim::cpu {

/// Weights of one format as codes, where the rows of a panel are interleaved: for each block its bytes in
/// words of four, word w of all 16 rows before word w + 1. So a vector has four neighbouring bytes of each
/// row, which is the order of PanelBlock, and nothing is moved across vectors. Bytes that are not a whole
/// word (a scale of one or two bytes at one end of a block) come first, for all blocks of 256 columns
/// together. A specialisation has
///   kOdd, kOddFirst      bytes of a block that are not in words (0); whether the block starts with them
///   unpack(block, out)   one block
/// Formats without a specialisation are not interleaved.
template <class L, QuantType type>
struct PanelWords;

/// A block of 16 rows.
struct InterleavedBlock {
  const std::byte* odd;    ///< [16][kOdd]
  const std::byte* words;  ///< [words][16][4]
};

/// Where the block's codes, scales and minimums go, in a PanelBlock.
struct BlockTarget {
  std::uint8_t (*codes)[kPanelRows][4];
  float (*scales)[kPanelRows];
  float (*minimums)[kPanelRows];
};

template <class L>
struct WordReader {
  using Codes = typename L::Codes;
  using Scales = typename L::Scales;
  static constexpr int kOdd = 0;
  static constexpr bool kOddFirst = true;

  [[gnu::always_inline]] static Codes word(const InterleavedBlock& block, int w) {
    return L::load_words(block.words + 64 * w);
  }
  /// Byte j of each word as a number.
  template <int j>
  [[gnu::always_inline]] static Scales byte(Codes words) {
    return L::numbers(L::keep(L::template down<8 * j>(words), 255));
  }
  template <int j>
  [[gnu::always_inline]] static Scales signed_byte(Codes words) {
    return L::numbers(L::template down_signed<24>(L::template up<24 - 8 * j>(words)));
  }
  /// Calls use.operator()<j>() for the four bytes of a word.
  template <typename Use>
  [[gnu::always_inline]] static void each_byte(const Use& use) {
    use.template operator()<0>(), use.template operator()<1>();
    use.template operator()<2>(), use.template operator()<3>();
  }
  /// to[i] = d * (byte i of the words - less)
  [[gnu::always_inline]] static void scale_bytes(Codes words, float less, Scales d, float (*to)[kPanelRows]) {
    each_byte([&]<int j>() { L::store_scales(to[j], L::times(d, L::less(byte<j>(words), less))); });
  }
  /// Scales that a table has for single bytes.
  template <typename Table>
  [[gnu::always_inline]] static void look_up(const Table& table, const std::byte* bytes, int stride,
                                             float* to) {
    for (int r = 0; r < kPanelRows; ++r) to[r] = table[code_at(bytes + stride * r)];
  }
  /// Four words of 32 codes of four bits: the low halves, then the high ones.
  [[gnu::always_inline]] static Codes low(Codes words) { return L::keep(words, 0x0f0f0f0f); }
  [[gnu::always_inline]] static Codes high(Codes words) {
    return L::keep(L::template down<4>(words), 0x0f0f0f0f);
  }
  /// Bits n and n + 1 of each byte.
  template <int n>
  [[gnu::always_inline]] static Codes pair(Codes words) {
    return L::keep(L::template down<n>(words), 0x03030303);
  }
};

template <class L>
struct PanelWords<L, QuantType::q8_0> : WordReader<L> {
  static constexpr int kOdd = 2;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    L::store_scales(out.scales[0], L::halves(block.odd));
    for (int w = 0; w < 8; ++w) L::store_codes(out.codes[w], L::flip(PanelWords::word(block, w), 0x80808080));
  }
};

template <class L>
struct PanelWords<L, QuantType::q8_0_rocmfpx> : WordReader<L> {
  static constexpr int kOdd = 1;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    L::store_scales(out.scales[0], L::half_e4m3(L::spread_bytes(block.odd)));
    for (int w = 0; w < 8; ++w) L::store_codes(out.codes[w], L::flip(PanelWords::word(block, w), 0x80808080));
  }
};

template <class L, bool kFifthBit, bool kMinimum>
struct NibbleWords : WordReader<L> {
  using Codes = typename L::Codes;
  static constexpr int kOdd = kMinimum ? 0 : 2;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    if constexpr (kMinimum) {
      const Codes header = NibbleWords::word(block, 0);
      L::store_scales(out.scales[0], L::low_halves(header));
      L::store_scales(out.minimums[0], L::low_halves(L::template down<16>(header)));
    } else {
      L::store_scales(out.scales[0], L::halves(block.odd));
    }
    constexpr int kBits = kMinimum ? 1 : 0;
    Codes bits;
    if constexpr (kFifthBit) bits = NibbleWords::word(block, kBits);
    for (int w = 0; w < 4; ++w) {
      const Codes both = NibbleWords::word(block, kBits + (kFifthBit ? 1 : 0) + w);
      Codes low = NibbleWords::low(both), high = NibbleWords::high(both);
      if constexpr (kFifthBit) {
        low = L::join(low, L::template up<4>(L::four_bits(bits, w)));
        high = L::join(high, L::template up<4>(L::four_bits(bits, 4 + w)));
      }
      L::store_codes(out.codes[w], low);
      L::store_codes(out.codes[4 + w], high);
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::q4_0> : NibbleWords<L, false, false> {};
template <class L>
struct PanelWords<L, QuantType::q4_1> : NibbleWords<L, false, true> {};
template <class L>
struct PanelWords<L, QuantType::q5_0> : NibbleWords<L, true, false> {};
template <class L>
struct PanelWords<L, QuantType::q5_1> : NibbleWords<L, true, true> {};

template <class L, bool kFifthBit>
struct PairedWords : WordReader<L> {
  using Codes = typename L::Codes;
  using Scales = typename L::Scales;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const Codes header = PairedWords::word(block, 0);
    const Scales d = L::low_halves(header), low = L::negative(L::low_halves(L::template down<16>(header)));
    const Codes first = PairedWords::word(block, 1), second = PairedWords::word(block, 2),
                third = PairedWords::word(block, 3);
    constexpr std::uint32_t kSix = 0x3f3f3f3f;
    PairedWords::scale_bytes(L::keep(first, kSix), 0, d, out.scales);
    PairedWords::scale_bytes(L::keep(second, kSix), 0, low, out.minimums);
    const auto tops = [](Codes words) { return L::keep(L::template down<2>(words), 0x30303030); };
    PairedWords::scale_bytes(L::join(PairedWords::low(third), tops(first)), 0, d, out.scales + 4);
    PairedWords::scale_bytes(L::join(PairedWords::high(third), tops(second)), 0, low, out.minimums + 4);
    constexpr int kCodes = kFifthBit ? 12 : 4;
    for (int w = 0; w < 8; ++w) {
      Codes bits;
      if constexpr (kFifthBit) bits = PairedWords::word(block, 4 + w);
      PairedWords::each_byte([&]<int p>() {
        const Codes both = PairedWords::word(block, kCodes + 8 * p + w);
        Codes lower = PairedWords::low(both), upper = PairedWords::high(both);
        if constexpr (kFifthBit) {
          constexpr std::uint32_t kOnes = 0x01010101;
          lower = L::join(lower, L::template up<4>(L::keep(L::template down<2 * p>(bits), kOnes)));
          upper = L::join(upper, L::template up<4>(L::keep(L::template down<2 * p + 1>(bits), kOnes)));
        }
        L::store_codes(out.codes[16 * p + w], lower);
        L::store_codes(out.codes[16 * p + 8 + w], upper);
      });
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::q4_k> : PairedWords<L, false> {};
template <class L>
struct PanelWords<L, QuantType::q5_k> : PairedWords<L, true> {};

template <class L>
struct PanelWords<L, QuantType::q6_k> : WordReader<L> {
  using Codes = typename L::Codes;
  static constexpr int kOdd = 2;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const auto d = L::halves(block.odd);
    for (int i = 0; i < 4; ++i) {
      const Codes scales = PanelWords::word(block, 48 + i);
      PanelWords::each_byte([&]<int j>() {
        L::store_scales(out.scales[4 * i + j], L::times(d, PanelWords::template signed_byte<j>(scales)));
      });
    }
    for (int half = 0; half < 2; ++half) {
      for (int w = 0; w < 8; ++w) {
        const Codes first = PanelWords::word(block, 16 * half + w),
                    second = PanelWords::word(block, 16 * half + 8 + w),
                    top = PanelWords::word(block, 32 + 8 * half + w);
        std::uint8_t(*codes)[kPanelRows][4] = out.codes + 32 * half + w;
        constexpr std::uint32_t kTop = 0x30303030;
        L::store_codes(codes[0], L::join(PanelWords::low(first), L::keep(L::template up<4>(top), kTop)));
        L::store_codes(codes[8], L::join(PanelWords::low(second), L::keep(L::template up<2>(top), kTop)));
        L::store_codes(codes[16], L::join(PanelWords::high(first), L::keep(top, kTop)));
        L::store_codes(codes[24], L::join(PanelWords::high(second), L::keep(L::template down<2>(top), kTop)));
      }
    }
  }
};

/// Runs of 32 codes of two bits share eight words, four runs each.
template <class L>
struct PairWords : WordReader<L> {
  /// use(place, code) for every quad of columns.
  template <typename Use>
  [[gnu::always_inline]] static void each_pair(const InterleavedBlock& block, int first, const Use& use) {
    for (int half = 0; half < 2; ++half) {
      for (int w = 0; w < 8; ++w) {
        const auto words = PairWords::word(block, first + 8 * half + w);
        PairWords::each_byte(
            [&]<int run>() { use(32 * half + 8 * run + w, PairWords::template pair<2 * run>(words)); });
      }
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::q2_k> : PairWords<L> {
  using Codes = typename L::Codes;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const Codes tail = PanelWords::word(block, 20);
    const auto d = L::low_halves(tail), low = L::negative(L::low_halves(L::template down<16>(tail)));
    for (int i = 0; i < 4; ++i) {
      const Codes both = PanelWords::word(block, i);
      PanelWords::scale_bytes(PanelWords::low(both), 0, d, out.scales + 4 * i);
      PanelWords::scale_bytes(PanelWords::high(both), 0, low, out.minimums + 4 * i);
    }
    PanelWords::each_pair(block, 4, [&](int quad, Codes codes) { L::store_codes(out.codes[quad], codes); });
  }
};

template <class L>
struct PanelWords<L, QuantType::q3_k> : PairWords<L> {
  using Codes = typename L::Codes;
  static constexpr int kOdd = 2;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const auto d = L::halves(block.odd);
    const Codes first = PanelWords::word(block, 24), second = PanelWords::word(block, 25),
                tops = PanelWords::word(block, 26);
    const auto scales = [&](Codes low, Codes top, int at) {
      PanelWords::scale_bytes(L::join(low, L::template up<4>(top)), 32, d, out.scales + at);
    };
    scales(PanelWords::low(first), PanelWords::template pair<0>(tops), 0);
    scales(PanelWords::low(second), PanelWords::template pair<2>(tops), 4);
    scales(PanelWords::high(first), PanelWords::template pair<4>(tops), 8);
    scales(PanelWords::high(second), PanelWords::template pair<6>(tops), 12);
    for (int w = 0; w < 8; ++w) {
      const Codes bits = PanelWords::word(block, w);
      const Codes halves[2] = {PanelWords::word(block, 8 + w), PanelWords::word(block, 16 + w)};
      PanelWords::each_byte([&]<int run>() {
        const auto bit = [&]<int n>() {
          return L::template up<2>(L::keep(L::template down<n>(bits), 0x01010101));
        };
        L::store_codes(out.codes[8 * run + w], L::join(PanelWords::template pair<2 * run>(halves[0]),
                                                       bit.template operator()<run>()));
        L::store_codes(out.codes[32 + 8 * run + w], L::join(PanelWords::template pair<2 * run>(halves[1]),
                                                            bit.template operator()<4 + run>()));
      });
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::tq2_0> : PairWords<L> {
  using Codes = typename L::Codes;
  static constexpr int kOdd = 2;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    for (int i = 0; i < 8; ++i) L::store_scales(out.scales[i], L::halves(block.odd));
    PanelWords::each_pair(block, 0, [&](int quad, Codes codes) { L::store_codes(out.codes[quad], codes); });
  }
};

template <class L>
struct PanelWords<L, QuantType::q1_0> : WordReader<L> {
  static constexpr int kOdd = 2;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    for (int i = 0; i < 4; ++i) L::store_scales(out.scales[i], L::halves(block.odd));
    for (int q = 0; q < 32; ++q) {
      L::store_codes(out.codes[q], L::template up<1>(L::four_bits(PanelWords::word(block, q / 8), q % 8)));
    }
  }
};

/// Four words of 32 places in a table of sixteen codes.
template <class L>
struct TableWords : WordReader<L> {
  [[gnu::always_inline]] static void pick(const std::uint8_t* sixteen, const InterleavedBlock& block,
                                          int first, std::uint8_t (*codes)[kPanelRows][4]) {
    for (int w = 0; w < 4; ++w) {
      const auto both = TableWords::word(block, first + w);
      L::store_codes(codes[w], L::picked(sixteen, TableWords::low(both)));
      L::store_codes(codes[4 + w], L::picked(sixteen, TableWords::high(both)));
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::iq4_nl> : TableWords<L> {
  static constexpr int kOdd = 2;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    L::store_scales(out.scales[0], L::halves(block.odd));
    PanelWords::pick(kUnevenCodes.data(), block, 0, out.codes);
  }
};

template <class L>
struct PanelWords<L, QuantType::iq4_xs> : TableWords<L> {
  using Codes = typename L::Codes;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const Codes header = PanelWords::word(block, 0), lows = PanelWords::word(block, 1);
    const auto d = L::low_halves(header);
    PanelWords::each_byte([&]<int j>() {
      const auto scale = [&]<int i>() {
        const Codes low = L::keep(L::template down<4 * i>(lows), 15);
        const Codes top = L::template up<4>(L::keep(L::template down<16 + 2 * i>(header), 3));
        L::store_scales(out.scales[i], L::times(d, L::less(L::numbers(L::join(low, top)), 32)));
      };
      scale.template operator()<2 * j>(), scale.template operator()<2 * j + 1>();
    });
    for (int i = 0; i < 8; ++i) PanelWords::pick(kUnevenCodes.data(), block, 2 + 4 * i, out.codes + 8 * i);
  }
};

template <class L>
struct PanelWords<L, QuantType::mxfp4> : TableWords<L> {
  static constexpr int kOdd = 1;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    PanelWords::look_up(kHalfPowers, block.odd, 1, out.scales[0]);
    PanelWords::pick(kFp4Codes.data(), block, 0, out.codes);
  }
};

template <class L>
struct PanelWords<L, QuantType::nvfp4> : WordReader<L> {
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    for (int i = 0; i < 4; ++i) PanelWords::look_up(kNvFp4Scales, block.words + i, 4, out.scales[i]);
    // Two words have a group of 16 columns: the low halves are the first eight.
    for (int i = 0; i < 8; ++i) {
      const auto both = PanelWords::word(block, 1 + i);
      std::uint8_t(*codes)[kPanelRows][4] = out.codes + 4 * (i / 2) + i % 2;
      L::store_codes(codes[0], L::picked(kFp4Codes.data(), PanelWords::low(both)));
      L::store_codes(codes[2], L::picked(kFp4Codes.data(), PanelWords::high(both)));
    }
  }
};

template <class L>
struct PanelWords<L, QuantType::q4_0_rocmfp4> : TableWords<L> {
  static constexpr int kOdd = 2;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    const auto both = L::spread_pairs(block.odd);
    L::store_scales(out.scales[0], L::half_e4m3(L::keep(both, 255)));
    L::store_scales(out.scales[1], L::half_e4m3(L::template down<8>(both)));
    PanelWords::pick(kRocmFp4Codes.data(), block, 0, out.codes);
  }
};

template <class L>
struct PanelWords<L, QuantType::q4_0_rocmfp4_fast> : TableWords<L> {
  static constexpr int kOdd = 1;
  static constexpr bool kOddFirst = false;
  [[gnu::always_inline]] static void unpack(const InterleavedBlock& block, const BlockTarget& out) {
    L::store_scales(out.scales[0], L::half_e4m3(L::spread_bytes(block.odd)));
    PanelWords::pick(kRocmFp4Codes.data(), block, 0, out.codes);
  }
};

}  // namespace glim::cpu
