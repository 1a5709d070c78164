#pragma once

#include <array>
#include <cstring>

#include "engine/cpu/code_blocks.h"
#include "engine/cpu/level_tables.h"
#include "engine/cpu/panel.h"
#include "engine/cpu/table_blocks.h"
#include "engine/cpu/weight_blocks.h"

namespace glim::cpu {

/// Weights of one format as codes (panel.h). The layouts are stated in the header of each format in
/// engine/quant. A specialisation has
///   kLayout, kValues, kBytes
///   unpack(block, out)   one block
/// A format without a specialisation is decoded to floats. More of them: panel_lattice.h.
template <class L, QuantType type>
struct PanelCodes;

/// Where a block's codes, scales and minimums go.
struct Unpacked {
  std::uint8_t* __restrict codes;
  float* __restrict scales;
  float* __restrict minimums;
};

/// Byte i is bit i.
inline constexpr auto kSpreadBits = table_of<std::uint64_t>([](std::uint8_t bits) {
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i) out |= static_cast<std::uint64_t>((bits >> i) & 1) << (8 * i);
  return out;
});

/// Eight bytes of the same value.
[[gnu::always_inline]] constexpr std::uint64_t eight_of(int byte) {
  return static_cast<std::uint64_t>(byte) * 0x0101010101010101;
}

[[gnu::always_inline]] inline std::uint8_t code_at(const std::byte* p) {
  return static_cast<std::uint8_t>(*p);
}

/// Adds 16 to the codes whose bit is set in 32 bits.
[[gnu::always_inline]] inline void add_fifth_bits(const std::byte* bits, std::uint8_t* __restrict codes) {
  for (int i = 0; i < 4; ++i) {
    std::uint64_t eight;
    std::memcpy(&eight, codes + 8 * i, sizeof eight);
    eight |= kSpreadBits[code_at(bits + i)] << 4;
    std::memcpy(codes + 8 * i, &eight, sizeof eight);
  }
}

/// Codes that lie in the file as signed bytes.
[[gnu::always_inline]] inline void unpack_bytes(const std::byte* qs, std::uint8_t* __restrict codes) {
  for (int i = 0; i < 32; ++i) codes[i] = code_at(qs + i) ^ 0x80;
}

template <class L>
struct PanelCodes<L, QuantType::q8_0> {
  static constexpr CodeLayout kLayout{.zero = 128, .fine = true};
  static constexpr int kValues = 32, kBytes = 34;
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = L::half(block);
    unpack_bytes(block + 2, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::q8_0_rocmfpx> {
  static constexpr CodeLayout kLayout{.zero = 128, .fine = true};
  static constexpr int kValues = 32, kBytes = 33;
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = kHalfE4m3[code_at(block + 32)];
    unpack_bytes(block, out.codes);
  }
};

template <class L, bool kFifthBit, bool kMinimum>
struct NibbleCodes {
  static constexpr int kHeader = kMinimum ? 4 : 2, kBits = kFifthBit ? 4 : 0;
  static constexpr int kValues = 32, kBytes = kHeader + kBits + 16;
  static constexpr CodeLayout kLayout{.zero = kMinimum ? 0 : kFifthBit ? 16 : 8, .minimum = kMinimum};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = L::half(block);
    if constexpr (kMinimum) *out.minimums = L::half(block + 2);
    L::split_nibbles(block + kHeader + kBits, out.codes);
    if constexpr (kFifthBit) add_fifth_bits(block + kHeader, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::q4_0> : NibbleCodes<L, false, false> {};
template <class L>
struct PanelCodes<L, QuantType::q4_1> : NibbleCodes<L, false, true> {};
template <class L>
struct PanelCodes<L, QuantType::q5_0> : NibbleCodes<L, true, false> {};
template <class L>
struct PanelCodes<L, QuantType::q5_1> : NibbleCodes<L, true, true> {};

template <class L, QuantType type, bool kFifthBit>
struct PairedCodes {
  using Blocks = WeightBlocks<L, type>;
  static constexpr int kValues = Blocks::kValues, kBytes = Blocks::kBytes;
  static constexpr CodeLayout kLayout{.minimum = true};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const typename Blocks::Header header = Blocks::header(block);
    std::memcpy(out.scales, header.scale, sizeof header.scale);
    std::memcpy(out.minimums, header.minimum, sizeof header.minimum);
    const std::byte* qs = block + kBytes - 128;
    for (int pair = 0; pair < 4; ++pair) {
      for (int i = 0; i < 32; ++i) {
        const std::uint8_t byte = code_at(qs + 32 * pair + i);
        std::uint8_t low = byte & 15, high = static_cast<std::uint8_t>(byte >> 4);
        if constexpr (kFifthBit) {
          const int bits = code_at(block + 16 + i) >> (2 * pair);
          low = static_cast<std::uint8_t>(low | (bits & 1) << 4);
          high = static_cast<std::uint8_t>(high | (bits & 2) << 3);
        }
        out.codes[64 * pair + i] = low;
        out.codes[64 * pair + 32 + i] = high;
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::q4_k> : PairedCodes<L, QuantType::q4_k, false> {};
template <class L>
struct PanelCodes<L, QuantType::q5_k> : PairedCodes<L, QuantType::q5_k, true> {};

template <class L>
struct PanelCodes<L, QuantType::q6_k> {
  using Blocks = WeightBlocks<L, QuantType::q6_k>;
  static constexpr int kValues = 256, kBytes = 210;
  static constexpr CodeLayout kLayout{.zero = 32, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const typename Blocks::Header header = Blocks::header(block);
    std::memcpy(out.scales, header.scale, sizeof header.scale);
    for (int half = 0; half < 2; ++half) {
      const std::byte *low = block + 64 * half, *high = block + 128 + 32 * half;
      std::uint8_t* __restrict codes = out.codes + 128 * half;
      for (int i = 0; i < 32; ++i) {
        const int first = code_at(low + i), second = code_at(low + 32 + i), top = code_at(high + i);
        codes[i] = static_cast<std::uint8_t>((first & 15) | (top & 3) << 4);
        codes[32 + i] = static_cast<std::uint8_t>((second & 15) | (top & 12) << 2);
        codes[64 + i] = static_cast<std::uint8_t>(first >> 4 | (top & 48));
        codes[96 + i] = static_cast<std::uint8_t>(second >> 4 | (top & 192) >> 2);
      }
    }
  }
};

/// Runs of 32 codes of two bits share 32 bytes, four runs each.
[[gnu::always_inline]] inline void unpack_pairs(const std::byte* qs, std::uint8_t* __restrict codes) {
  for (int half = 0; half < 2; ++half) {
    for (int run = 0; run < 4; ++run) {
      for (int i = 0; i < 32; ++i)
        codes[128 * half + 32 * run + i] = (code_at(qs + 32 * half + i) >> (2 * run)) & 3;
    }
  }
}

template <class L>
struct PanelCodes<L, QuantType::q2_k> {
  using Blocks = WeightBlocks<L, QuantType::q2_k>;
  static constexpr int kValues = 256, kBytes = 84;
  static constexpr CodeLayout kLayout{.scales = 2, .minimum = true};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const typename Blocks::Header header = Blocks::header(block);
    std::memcpy(out.scales, header.scale, sizeof header.scale);
    std::memcpy(out.minimums, header.minimum, sizeof header.minimum);
    unpack_pairs(block + 16, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::q3_k> {
  using Blocks = WeightBlocks<L, QuantType::q3_k>;
  static constexpr int kValues = 256, kBytes = 110;
  static constexpr CodeLayout kLayout{.zero = 4, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const typename Blocks::Header header = Blocks::header(block);
    std::memcpy(out.scales, header.scale, sizeof header.scale);
    unpack_pairs(block + 32, out.codes);
    for (int run = 0; run < 8; ++run) {
      std::uint8_t* __restrict codes = out.codes + 32 * run;
      for (int i = 0; i < 32; ++i) {
        codes[i] = static_cast<std::uint8_t>(codes[i] | ((code_at(block + i) >> run) & 1) << 2);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::tq2_0> {
  static constexpr int kValues = 256, kBytes = 66;
  static constexpr CodeLayout kLayout{.zero = 1};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    for (int i = 0; i < 8; ++i) out.scales[i] = L::half(block + 64);
    unpack_pairs(block, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::q1_0> {
  static constexpr int kValues = 128, kBytes = 18;
  static constexpr CodeLayout kLayout{.zero = 1};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    for (int i = 0; i < 4; ++i) out.scales[i] = L::half(block);
    for (int i = 0; i < 16; ++i) {
      const std::uint64_t eight = kSpreadBits[code_at(block + 2 + i)] << 1;
      std::memcpy(out.codes + 8 * i, &eight, sizeof eight);
    }
  }
};

/// Sixteen levels as codes around a zero.
template <std::size_t count>
constexpr std::array<std::uint8_t, 16> as_codes(const std::int8_t (&levels)[count], int zero) {
  std::array<std::uint8_t, 16> out = {};
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(levels[i] + zero);
  return out;
}
alignas(16) inline constexpr auto kUnevenCodes = as_codes(kUnevenLevels, 128);
alignas(16) inline constexpr auto kFp4Codes = as_codes(kFp4Levels, 12);
alignas(16) inline constexpr auto kRocmFp4Codes = as_codes(kRocmFp4Levels, 10);

template <class L>
struct PanelCodes<L, QuantType::iq4_nl> {
  static constexpr int kValues = 32, kBytes = 18;
  static constexpr CodeLayout kLayout{.zero = 128};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = L::half(block);
    L::pick_codes(kUnevenCodes.data(), block + 2, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq4_xs> {
  using Blocks = WeightBlocks<L, QuantType::iq4_xs>;
  static constexpr int kValues = 256, kBytes = 136;
  static constexpr CodeLayout kLayout{.zero = 128};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const typename Blocks::Header header = Blocks::header(block);
    std::memcpy(out.scales, header.scale, sizeof header.scale);
    for (int i = 0; i < 8; ++i) L::pick_codes(kUnevenCodes.data(), block + 8 + 16 * i, out.codes + 32 * i);
  }
};

template <class L>
struct PanelCodes<L, QuantType::mxfp4> {
  static constexpr int kValues = 32, kBytes = 17;
  static constexpr CodeLayout kLayout{.zero = 12};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = kHalfPowers[code_at(block)];
    L::pick_codes(kFp4Codes.data(), block + 1, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::nvfp4> {
  static constexpr int kValues = 64, kBytes = 36;
  static constexpr CodeLayout kLayout{.zero = 12, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    for (int i = 0; i < 4; ++i) out.scales[i] = kNvFp4Scales[code_at(block + i)];
    for (int i = 0; i < 2; ++i) {
      std::uint8_t codes[32];
      L::pick_codes(kFp4Codes.data(), block + 4 + 16 * i, codes);
      // The halves of a group of 16 lie side by side in eight bytes.
      std::memcpy(out.codes + 32 * i, codes, 8);
      std::memcpy(out.codes + 32 * i + 8, codes + 16, 8);
      std::memcpy(out.codes + 32 * i + 16, codes + 8, 8);
      std::memcpy(out.codes + 32 * i + 24, codes + 24, 8);
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::q4_0_rocmfp4> {
  static constexpr int kValues = 32, kBytes = 18;
  static constexpr CodeLayout kLayout{.zero = 10, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    out.scales[0] = kHalfE4m3[code_at(block + 16)];
    out.scales[1] = kHalfE4m3[code_at(block + 17)];
    L::pick_codes(kRocmFp4Codes.data(), block, out.codes);
  }
};

template <class L>
struct PanelCodes<L, QuantType::q4_0_rocmfp4_fast> {
  static constexpr int kValues = 32, kBytes = 17;
  static constexpr CodeLayout kLayout{.zero = 10};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    *out.scales = kHalfE4m3[code_at(block + 16)];
    L::pick_codes(kRocmFp4Codes.data(), block, out.codes);
  }
};

/// Eight codes of six bits are six bytes; reading eight stays inside the block, whose scales come last.
template <class L>
struct PanelCodes<L, QuantType::q6_0_rocmfpx> {
  static constexpr int kValues = 32, kBytes = 26;
  static constexpr CodeLayout kLayout{.zero = 32, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    for (int half = 0; half < 2; ++half) out.scales[half] = kHalfE4m3[code_at(block + 24 + half)];
    for (int v = 0; v < 4; ++v) {
      const std::uint64_t codes = L::spread(number_at<std::uint64_t>(block + 6 * v), eight_of(63));
      const std::uint64_t magnitude = codes & eight_of(31), sign = (codes >> 5) & eight_of(1),
                          negative = sign * 255;
      const std::uint64_t some = ((magnitude + eight_of(31)) >> 5) & eight_of(1);
      // Minus zero stands for -32.
      const std::uint64_t eight =
          eight_of(32) + (magnitude & ~negative) - (magnitude & negative) - ((sign & ~some) << 5);
      std::memcpy(out.codes + 8 * v, &eight, sizeof eight);
    }
  }
};

/// The same with three bits and three bytes; magnitude 3 stands for 4.
template <class L>
struct PanelCodes<L, QuantType::q3_0_rocmfpx> {
  static constexpr int kValues = 32, kBytes = 14;
  static constexpr CodeLayout kLayout{.zero = 4, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    for (int half = 0; half < 2; ++half) out.scales[half] = kHalfE4m3[code_at(block + 12 + half)];
    for (int v = 0; v < 4; ++v) {
      const std::uint64_t codes = L::spread(number_at<std::uint32_t>(block + 3 * v), eight_of(7));
      const std::uint64_t low = codes & eight_of(3), negative = ((codes >> 2) & eight_of(1)) * 255;
      const std::uint64_t magnitude = low + (low & (low >> 1) & eight_of(1));
      const std::uint64_t eight = eight_of(4) + (magnitude & ~negative) - (magnitude & negative);
      std::memcpy(out.codes + 8 * v, &eight, sizeof eight);
    }
  }
};

}  // namespace glim::cpu
