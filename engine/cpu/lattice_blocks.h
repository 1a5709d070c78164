#pragma once

#include "engine/cpu/level_tables.h"
#include "engine/cpu/weight_blocks.h"

namespace glim::cpu {

/// Formats whose codes are points of a grid; see weight_blocks.h. A piece is 32 values, which share the words
/// that scales and signs come from.

[[gnu::always_inline]] inline int byte_at(const std::byte* p) {
  return static_cast<std::uint8_t>(*p);
}

/// step * values of the point, negated where a bit of `signs` is set.
template <class L>
[[gnu::always_inline]] inline typename L::Floats signed_point(std::uint64_t point, int signs, float step) {
  const auto value = L::mul(L::set(step), L::floats(L::bytes(point)));
  return L::flip(value, L::bits(static_cast<std::uint8_t>(signs)));
}

/// step * (values of the point + shift)
template <class L>
[[gnu::always_inline]] inline typename L::Floats shifted_point(std::uint64_t point, float shift, float step) {
  return L::mul(L::set(step), L::add(L::floats(L::bytes(point)), L::set(shift)));
}

template <class L>
struct WeightBlocks<L, QuantType::iq2_xxs> : NoHeader {
  static constexpr int kValues = 256, kBytes = 66, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const std::byte* qs = block + 2 + 8 * p;
    const auto word = number_at<std::uint32_t>(qs + 4);
    const float step = L::half(block) * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
    for (int v = 0; v < 4; ++v) {
      const std::uint64_t point = kIq2XxsGrid[static_cast<std::uint8_t>(qs[v])];
      use(v, signed_point<L>(point, kSignMasks[(word >> (7 * v)) & 127], step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq2_xs> : NoHeader {
  static constexpr int kValues = 256, kBytes = 74, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const int scales = byte_at(block + 66 + p);
    const float d = L::half(block);
    for (int v = 0; v < 4; ++v) {
      const auto word = number_at<std::uint16_t>(block + 2 + 8 * p + 2 * v);
      const float step = d * (0.5f + static_cast<float>((scales >> (4 * (v / 2))) & 15)) * 0.25f;
      const std::uint64_t point = kIq2XsGrid[static_cast<std::size_t>(word & 511)];
      use(v, signed_point<L>(point, kSignMasks[static_cast<std::size_t>(word >> 9)], step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq2_s> : NoHeader {
  static constexpr int kValues = 256, kBytes = 82, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const int high = byte_at(block + 66 + p), scales = byte_at(block + 74 + p);
    const float d = L::half(block);
    for (int v = 0; v < 4; ++v) {
      const int index = byte_at(block + 2 + 4 * p + v) | ((high >> (2 * v)) & 3) << 8;
      const float step = d * (0.5f + static_cast<float>((scales >> (4 * (v / 2))) & 15)) * 0.25f;
      const int signs = byte_at(block + 34 + 4 * p + v);
      use(v, signed_point<L>(kIq2SGrid[static_cast<std::size_t>(index)], signs, step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq3_xxs> : NoHeader {
  static constexpr int kValues = 256, kBytes = 98, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const std::byte* qs = block + 2 + 8 * p;
    const auto word = number_at<std::uint32_t>(block + 66 + 4 * p);
    const float step = L::half(block) * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
    for (int v = 0; v < 4; ++v) {
      const std::uint64_t low = kIq3XxsGrid[static_cast<std::uint8_t>(qs[2 * v])];
      const std::uint64_t high = kIq3XxsGrid[static_cast<std::uint8_t>(qs[2 * v + 1])];
      use(v, signed_point<L>(low | high << 32, kSignMasks[(word >> (7 * v)) & 127], step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq3_s> : NoHeader {
  static constexpr int kValues = 256, kBytes = 110, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const std::byte* qs = block + 2 + 8 * p;
    const int tops = byte_at(block + 66 + p), scale = byte_at(block + 106 + p / 2) >> (4 * (p % 2)) & 15;
    const float step = L::half(block) * static_cast<float>(1 + 2 * scale);
    for (int v = 0; v < 4; ++v) {
      const int first = byte_at(qs + 2 * v) | ((tops >> (2 * v)) & 1) << 8;
      const int second = byte_at(qs + 2 * v + 1) | ((tops >> (2 * v + 1)) & 1) << 8;
      const std::uint64_t low = kIq3SGrid[static_cast<std::size_t>(first)];
      const std::uint64_t high = kIq3SGrid[static_cast<std::size_t>(second)];
      use(v, signed_point<L>(low | high << 32, byte_at(block + 74 + 4 * p + v), step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq1_s> : NoHeader {
  static constexpr int kValues = 256, kBytes = 50, kParts = 8;
  using Header = NoHeader::Header;
  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, Header, int p, Use use) {
    const int word = number_at<std::uint16_t>(block + 34 + 2 * p);
    const float step = L::half(block) * static_cast<float>(2 * ((word >> 12) & 7) + 1);
    const float shift = (word & 0x8000) != 0 ? -0.125f : 0.125f;
    for (int v = 0; v < 4; ++v) {
      const int index = byte_at(block + 2 + 4 * p + v) | ((word >> (3 * v)) & 7) << 8;
      use(v, shifted_point<L>(kIq1Grid[static_cast<std::size_t>(index)], shift, step));
    }
  }
};

template <class L>
struct WeightBlocks<L, QuantType::iq1_m> {
  static constexpr int kValues = 256, kBytes = 56, kParts = 8;

  struct Header {
    float d;
  };

  [[gnu::always_inline]] static Header header(const std::byte* block) {
    std::uint32_t bits = 0;
    for (int word = 0; word < 4; ++word) {
      bits |= static_cast<std::uint32_t>(byte_at(block + 49 + 2 * word) >> 4) << (4 * word);
    }
    std::byte half[2] = {static_cast<std::byte>(bits), static_cast<std::byte>(bits >> 8)};
    return {L::half(half)};
  }

  template <class Use>
  [[gnu::always_inline]] static void part(const std::byte* block, const Header& header, int p, Use use) {
    const int scales = number_at<std::uint16_t>(block + 48 + p / 2 * 2) >> (6 * (p % 2));
    for (int v = 0; v < 4; ++v) {
      const int high = byte_at(block + 32 + 2 * p + v / 2) >> (4 * (v % 2));
      const int index = byte_at(block + 4 * p + v) | (high & 7) << 8;
      const float step = header.d * static_cast<float>(2 * ((scales >> (3 * (v / 2))) & 7) + 1);
      const float shift = (high & 8) != 0 ? -0.125f : 0.125f;
      use(v, shifted_point<L>(kIq1Grid[static_cast<std::size_t>(index)], shift, step));
    }
  }
};

}  // namespace glim::cpu
