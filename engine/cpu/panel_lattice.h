#pragma once

#include "engine/cpu/lattice_blocks.h"
#include "engine/cpu/panel_codes.h"

namespace glim::cpu {

/// Formats whose codes are points of a grid; see panel_codes.h.

/// Bytes of 255 where a bit is set.
inline constexpr auto kBitMasks =
    table_of<std::uint64_t>([](std::uint8_t bits) { return kSpreadBits[bits] * 255; });

/// zero + values of the point, or zero - values where a bit of `signs` is set. No byte carries into the next:
/// every sum stays between 0 and 255.
[[gnu::always_inline]] inline void signed_codes(std::uint64_t point, int signs, int zero,
                                                std::uint8_t* codes) {
  const std::uint64_t negative = kBitMasks[static_cast<std::uint8_t>(signs)];
  const std::uint64_t eight = eight_of(zero) + (point & ~negative) - (point & negative);
  std::memcpy(codes, &eight, sizeof eight);
}

/// Points have values up to 43 or 62, and 64 is more than all of them.
inline constexpr int kPointZero = 64;

template <class L>
struct PanelCodes<L, QuantType::iq2_xxs> {
  static constexpr int kValues = 256, kBytes = 66;
  static constexpr CodeLayout kLayout{.zero = kPointZero};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block);
    for (int p = 0; p < 8; ++p) {
      const std::byte* qs = block + 2 + 8 * p;
      const auto word = number_at<std::uint32_t>(qs + 4);
      out.scales[p] = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      for (int v = 0; v < 4; ++v) {
        signed_codes(kIq2XxsGrid[code_at(qs + v)], kSignMasks[(word >> (7 * v)) & 127], kPointZero,
                     out.codes + 32 * p + 8 * v);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq2_xs> {
  static constexpr int kValues = 256, kBytes = 74;
  static constexpr CodeLayout kLayout{.zero = kPointZero, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block);
    for (int p = 0; p < 8; ++p) {
      const int scales = byte_at(block + 66 + p);
      for (int half = 0; half < 2; ++half) {
        out.scales[2 * p + half] = d * (0.5f + static_cast<float>((scales >> (4 * half)) & 15)) * 0.25f;
      }
      for (int v = 0; v < 4; ++v) {
        const auto word = number_at<std::uint16_t>(block + 2 + 8 * p + 2 * v);
        signed_codes(kIq2XsGrid[static_cast<std::size_t>(word & 511)],
                     kSignMasks[static_cast<std::size_t>(word >> 9)], kPointZero, out.codes + 32 * p + 8 * v);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq2_s> {
  static constexpr int kValues = 256, kBytes = 82;
  static constexpr CodeLayout kLayout{.zero = kPointZero, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block);
    for (int p = 0; p < 8; ++p) {
      const int high = byte_at(block + 66 + p), scales = byte_at(block + 74 + p);
      for (int half = 0; half < 2; ++half) {
        out.scales[2 * p + half] = d * (0.5f + static_cast<float>((scales >> (4 * half)) & 15)) * 0.25f;
      }
      for (int v = 0; v < 4; ++v) {
        const int index = byte_at(block + 2 + 4 * p + v) | ((high >> (2 * v)) & 3) << 8;
        signed_codes(kIq2SGrid[static_cast<std::size_t>(index)], byte_at(block + 34 + 4 * p + v), kPointZero,
                     out.codes + 32 * p + 8 * v);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq3_xxs> {
  static constexpr int kValues = 256, kBytes = 98;
  static constexpr CodeLayout kLayout{.zero = kPointZero};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block);
    for (int p = 0; p < 8; ++p) {
      const std::byte* qs = block + 2 + 8 * p;
      const auto word = number_at<std::uint32_t>(block + 66 + 4 * p);
      out.scales[p] = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      for (int v = 0; v < 4; ++v) {
        const std::uint64_t low = kIq3XxsGrid[code_at(qs + 2 * v)],
                            high = kIq3XxsGrid[code_at(qs + 2 * v + 1)];
        signed_codes(low | high << 32, kSignMasks[(word >> (7 * v)) & 127], kPointZero,
                     out.codes + 32 * p + 8 * v);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq3_s> {
  static constexpr int kValues = 256, kBytes = 110;
  static constexpr CodeLayout kLayout{.zero = kPointZero};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block);
    for (int p = 0; p < 8; ++p) {
      const std::byte* qs = block + 2 + 8 * p;
      const int tops = byte_at(block + 66 + p), scale = byte_at(block + 106 + p / 2) >> (4 * (p % 2)) & 15;
      out.scales[p] = d * static_cast<float>(1 + 2 * scale);
      for (int v = 0; v < 4; ++v) {
        const int first = byte_at(qs + 2 * v) | ((tops >> (2 * v)) & 1) << 8;
        const int second = byte_at(qs + 2 * v + 1) | ((tops >> (2 * v + 1)) & 1) << 8;
        const std::uint64_t low = kIq3SGrid[static_cast<std::size_t>(first)];
        const std::uint64_t high = kIq3SGrid[static_cast<std::size_t>(second)];
        signed_codes(low | high << 32, byte_at(block + 74 + 4 * p + v), kPointZero,
                     out.codes + 32 * p + 8 * v);
      }
    }
  }
};

/// Points of -1, 0 and 1 that are shifted by an eighth up or down become whole numbers when multiplied by
/// eight.
inline constexpr int kShiftedZero = 9;
[[gnu::always_inline]] inline std::uint64_t shifted_point(std::uint64_t point, bool down) {
  const std::uint64_t raised = (point ^ eight_of(0x80)) - eight_of(0x7f);  // by one: 0, 1 or 2
  return (raised << 3) + eight_of(down ? 0 : 2);
}
[[gnu::always_inline]] inline void shifted_codes(std::uint64_t point, bool down, std::uint8_t* codes) {
  const std::uint64_t eight = shifted_point(point, down);
  std::memcpy(codes, &eight, sizeof eight);
}

template <class L>
struct PanelCodes<L, QuantType::iq1_s> {
  static constexpr int kValues = 256, kBytes = 50;
  static constexpr CodeLayout kLayout{.zero = kShiftedZero};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = L::half(block) * 0.125f;
    for (int p = 0; p < 8; ++p) {
      const int word = number_at<std::uint16_t>(block + 34 + 2 * p);
      out.scales[p] = d * static_cast<float>(2 * ((word >> 12) & 7) + 1);
      for (int v = 0; v < 4; ++v) {
        const int index = byte_at(block + 2 + 4 * p + v) | ((word >> (3 * v)) & 7) << 8;
        shifted_codes(kIq1Grid[static_cast<std::size_t>(index)], (word & 0x8000) != 0,
                      out.codes + 32 * p + 8 * v);
      }
    }
  }
};

template <class L>
struct PanelCodes<L, QuantType::iq1_m> {
  using Blocks = WeightBlocks<L, QuantType::iq1_m>;
  static constexpr int kValues = 256, kBytes = 56;
  static constexpr CodeLayout kLayout{.zero = kShiftedZero, .scales = 2};
  [[gnu::always_inline]] static void unpack(const std::byte* block, const Unpacked& out) {
    const float d = Blocks::header(block).d * 0.125f;
    for (int p = 0; p < 8; ++p) {
      const int scales = number_at<std::uint16_t>(block + 48 + p / 2 * 2) >> (6 * (p % 2));
      for (int half = 0; half < 2; ++half) {
        out.scales[2 * p + half] = d * static_cast<float>(2 * ((scales >> (3 * half)) & 7) + 1);
      }
      for (int v = 0; v < 4; ++v) {
        const int high = byte_at(block + 32 + 2 * p + v / 2) >> (4 * (v % 2));
        const int index = byte_at(block + 4 * p + v) | (high & 7) << 8;
        shifted_codes(kIq1Grid[static_cast<std::size_t>(index)], (high & 8) != 0, out.codes + 32 * p + 8 * v);
      }
    }
  }
};

}  // namespace glim::cpu
