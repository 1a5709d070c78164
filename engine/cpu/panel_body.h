#pragma once

#include "engine/cpu/kernels.h"
#include "engine/cpu/panel_points.h"

namespace glim::cpu {

/// The kernels over panels (panel.h), written once over lanes L that multiply bytes. Besides what KernelsBody
/// needs L has
///   Codes, Sums, Scales    64 codes; one integer or float for each row of a panel
///   kPanelInputs           inputs whose sums fit into the registers
///   kWords                 whether activations are words, not bytes in two halves
///   dot(sums, codes, four) sums[r] += codes of row r · four bytes; with words even() or odd() codes · two
///   transpose(from, stride, to)  16 x 16 words
template <class L>
struct PanelBody {
  using Sums = typename L::Sums;
  using Scales = typename L::Scales;

  template <QuantType type>
  static constexpr bool kHasCodes = requires {
    PanelCodes<L, type>::kValues;
  };
  template <QuantType type>
  static constexpr bool kHasWords = requires {
    PanelWords<L, type>::kOdd;
  };

  /// One block of a panel. Its rows are unpacked one after the other and then turned.
  template <QuantType type>
  static void unpack(const PanelRows& rows, PanelBlock& out) {
    using Codes = PanelCodes<L, type>;
    constexpr int kScales = Codes::kLayout.scales;
    alignas(64) std::uint8_t codes[kPanelRows][kPanelCols];
    alignas(64) float scales[kPanelRows][16], minimums[kPanelRows][16];
    const int cols = rows.cols < kPanelCols ? static_cast<int>(rows.cols) : kPanelCols;
    for (int r = 0; r < kPanelRows; ++r) {
      const int own = r < rows.rows ? r : rows.rows - 1;
      const std::byte* block = rows.first + rows.stride * static_cast<std::uint64_t>(own);
      // The rows of the next panel, which the processor would not guess from sixteen streams side by side.
      for (int i = 0; i < Codes::kBytes * (kPanelCols / Codes::kValues); i += 64) {
        __builtin_prefetch(block + rows.stride * kPanelRows + i);
      }
      for (int i = 0; i < cols; i += Codes::kValues, block += Codes::kBytes) {
        const int group = i / kGroup * kScales;
        Codes::unpack(block, {codes[r] + i, scales[r] + group, minimums[r] + group});
      }
    }
    for (int i = 0; i < cols; i += 64) L::transpose(codes[0] + i, kPanelCols, out.codes[i / 4]);
    L::transpose(scales[0], sizeof scales[0], out.scales[0]);
    if constexpr (Codes::kLayout.minimum) L::transpose(minimums[0], sizeof minimums[0], out.minimums[0]);
  }

  /// From one activation to the next.
  static constexpr std::int64_t kCodeBytes = L::kWords ? 2 : 1;

  static constexpr int kAhead = 2;
  /// One block of an interleaved panel, of which `cols` columns are left.
  template <QuantType type>
  static void unpack_interleaved(const std::byte* panel, std::int64_t cols, PanelBlock& out) {
    using Codes = PanelCodes<L, type>;
    using Words = PanelWords<L, type>;
    constexpr int kGroups = Codes::kValues / kGroup * Codes::kLayout.scales;
    const int blocks = static_cast<int>(cols < kPanelCols ? cols : kPanelCols) / Codes::kValues;
    const std::byte* words = panel + kPanelRows * Words::kOdd * blocks;
    // The processor's own prefetching stops at the end of each page of 4 KiB.
    constexpr int kBytes = kPanelRows * Codes::kBytes * (kPanelCols / Codes::kValues);
    for (int i = 0; i < kBytes; i += 64) __builtin_prefetch(panel + kAhead * kBytes + i);
    for (int b = 0; b < blocks; ++b, words += kPanelRows * (Codes::kBytes - Words::kOdd)) {
      Words::unpack(
          {panel + kPanelRows * Words::kOdd * b, words},
          {out.codes + Codes::kValues / 4 * b, out.scales + kGroups * b, out.minimums + kGroups * b});
    }
  }

  /// X inputs times a panel.
  template <int kScales, bool kMinimum, bool kBoth, int X>
  static void tile(const PanelProduct& job, const std::byte* const* inputs, std::int64_t input_cols,
                   float* out) {
    Scales sum[X];
    for (int x = 0; x < X; ++x) sum[x] = L::load_scales(out + x * job.stride);
    const std::byte* upper[X];
#pragma GCC unroll 8
    for (int x = 0; x < X; ++x) upper[x] = inputs[x] + kCodeBytes * job.col;
    const std::int64_t groups_at =
        2 * input_cols + job.col / kGroup * std::int64_t{sizeof(CodedGroup)} - kCodeBytes * job.col;
    const std::int64_t groups = job.cols / kGroup;
    for (std::int64_t g = 0; g < groups; ++g) {
      const PanelBlock& block = job.blocks[g / kBlockGroups];
      const int place = static_cast<int>(g % kBlockGroups);
      Sums part[X][2];
      group_sums<kScales, kMinimum, kBoth, X>(block.codes + 8 * place, upper, {input_cols, groups_at, g, job.zero},
                                    part);
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        const auto& coded = group_of(upper[x], groups_at, g);
        Scales value = L::scaled(part[x][0], block.scales[kScales * place]);
        if constexpr (kScales == 2) {
          value = L::add_scaled(part[x][1], block.scales[2 * place + 1], value);
        }
        if constexpr (kMinimum) {
          const std::int32_t* sums = kBoth ? coded.sums : coded.upper_sums;
          if constexpr (kScales == 2) {
            value = L::add_times(block.minimums[2 * place], static_cast<float>(sums[0]), value);
            value = L::add_times(block.minimums[2 * place + 1], static_cast<float>(sums[1]), value);
          } else {
            value = L::add_times(block.minimums[place], kBoth ? coded.total : coded.upper_total, value);
          }
        }
        sum[x] = L::fma_scales(value, kBoth ? coded.fine_scale : coded.scale, sum[x]);
      }
    }
    for (int x = 0; x < X; ++x) L::store_scales(out + x * job.stride, sum[x]);
  }

  struct Place {
    std::int64_t cols, groups_at, group;
    int zero;
  };

  [[gnu::always_inline]] static const CodedGroup& group_of(const std::byte* upper, std::int64_t groups_at,
                                                           std::int64_t group) {
    return reinterpret_cast<const CodedGroup*>(upper + groups_at)[group];
  }

  /// Sums of codes times activations, less those of the zero: of the group, or of its halves.
  template <int kScales, bool kMinimum, bool kBoth, int X>
  [[gnu::always_inline]] static void group_sums(const std::uint8_t (*codes)[kPanelRows][4],
                                                const std::byte* const* upper, const Place& place,
                                                Sums (&part)[X][2]) {
    constexpr int kQuads = 8 / kScales;
    const std::int64_t at = place.group * kGroup * kCodeBytes;
    const auto zeros = [&](int x, int p) {
      if constexpr (kMinimum) return 0;
      const CodedGroup& coded = group_of(upper[x], place.groups_at, place.group);
      const std::int32_t* sums = kBoth ? coded.sums : coded.upper_sums;
      return -place.zero * (kScales == 2 ? sums[p] : sums[0] + sums[1]);
    };
#pragma GCC unroll 8
    for (int x = 0; x < X; ++x) {
      for (int p = 0; p < kScales; ++p) part[x][p] = L::all(kBoth && !L::kWords ? 0 : zeros(x, p));
    }
    if constexpr (L::kWords) {
      add_word_dots<kQuads>(codes, upper, at, part);
    } else {
      add_dots<kQuads>(codes, upper, at, part);
    }
    if constexpr (kBoth && !L::kWords) {
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        for (int p = 0; p < kScales; ++p) {
          part[x][p] = L::plus(L::times_256(part[x][p]), L::all(zeros(x, p)));
        }
      }
      add_dots<kQuads>(codes, upper, place.cols + at, part);
    }
  }

  /// Adds the products of a group's codes and the bytes of each input from `at` on.
  template <int kQuads, int X>
  [[gnu::always_inline]] static void add_dots(const std::uint8_t (*codes)[kPanelRows][4],
                                              const std::byte* const* inputs, std::int64_t at,
                                              Sums (&part)[X][2]) {
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) {
      const auto four = L::load_codes(codes[q]);
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        part[x][q / kQuads] =
            L::dot(part[x][q / kQuads], four, number_at<std::int32_t>(inputs[x] + at + 4 * q));
      }
    }
  }

  /// The same where activations are words.
  template <int kQuads, int X>
  [[gnu::always_inline]] static void add_word_dots(const std::uint8_t (*codes)[kPanelRows][4],
                                                   const std::byte* const* inputs, std::int64_t at,
                                                   Sums (&part)[X][2]) {
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) {
      const auto four = L::load_codes(codes[q]);
      const auto even = L::even(four), odd = L::odd(four);
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        Sums& sums = part[x][q / kQuads];
        sums = L::dot(sums, even, number_at<std::int32_t>(inputs[x] + at + 8 * q));
        sums = L::dot(sums, odd, number_at<std::int32_t>(inputs[x] + at + 8 * q + 4));
      }
    }
  }

  template <int kScales, bool kMinimum, bool kBoth>
  static void products(const PanelProduct& job, const CodedInputs& in) {
    constexpr int kMost = L::kPanelInputs;
    for (std::int64_t i = 0; i < in.count;) {
      const std::int64_t left = in.count - i;
      const std::byte* rows[kMost];
      const auto run = [&]<int X>() {
        for (int x = 0; x < X; ++x) rows[x] = in.row(i + x);
        tile<kScales, kMinimum, kBoth, X>(job, rows, in.rows.cols, job.out + i * job.stride);
        i += X;
      };
      if (left >= kMost) {
        run.template operator()<kMost>();
      } else if (left >= kMost / 2) {
        run.template operator()<kMost / 2>();
      } else if (left >= 2) {
        run.template operator()<2>();
      } else {
        run.template operator()<1>();
      }
    }
  }

  template <int kScales, bool kMinimum>
  static void multiply(const PanelProduct& job, const CodedInputs& in) {
    if constexpr (!L::kWords) {
      if (!job.both) return products<kScales, kMinimum, false>(job, in);
    }
    products<kScales, kMinimum, true>(job, in);
  }

  static void finish(CodedGroup& group) {
    group.fine_scale = group.scale * 0x1p-8f;
    group.upper_total = static_cast<float>(group.upper_sums[0] + group.upper_sums[1]);
    group.total = static_cast<float>(group.sums[0] + group.sums[1]);
  }

  /// One row of activations.
  static void encode(const float* x, std::int64_t cols, std::byte* out) {
    auto* groups = reinterpret_cast<CodedGroup*>(out + 2 * cols);
    for (std::int64_t i = 0; i < cols; i += kGroup) {
      if constexpr (L::kWords) {
        L::encode_group(x + i, reinterpret_cast<std::int16_t*>(out) + i, groups[i / kGroup]);
      } else {
        auto* upper = reinterpret_cast<std::int8_t*>(out) + i;
        L::encode_group(x + i, upper, upper + cols, groups[i / kGroup]);
      }
      finish(groups[i / kGroup]);
    }
  }

  template <QuantType type>
  static constexpr PanelKernels format() {
    if constexpr (kHasCodes<type>) {
      constexpr CodeLayout kLayout = PanelCodes<L, type>::kLayout;
      static_assert(!kLayout.minimum || kLayout.zero == 0);
      PanelKernels out{.unpack = unpack<type>,
                       .multiply = multiply<kLayout.scales, kLayout.minimum>,
                       .zero = kLayout.zero,
                       .scales = kLayout.scales,
                       .minimum = kLayout.minimum,
                       .fine = kLayout.fine};
      if constexpr (kHasWords<type>) {
        using Codes = PanelCodes<L, type>;
        using Words = PanelWords<L, type>;
        out.unpack_interleaved = unpack_interleaved<type>;
        out.order = {Codes::kValues, Codes::kBytes, Words::kOdd, Words::kOddFirst};
      }
      return out;
    } else {
      return {};
    }
  }
};

/// The kernels of another instruction set, with panels.
template <class L>
Kernels with_panels(const Kernels& others, std::string_view name) {
  Kernels out = others;
  out.name = name;
  out.encode = PanelBody<L>::encode;
  out.words = L::kWords;
  constexpr PanelKernels kPanels[] = {
#define QUANT(id, code, values, bytes) PanelBody<L>::template format<QuantType::id>(),
#include "engine/quant/quant_types.def"
#undef QUANT
  };
  for (std::size_t i = 0; i < kQuants.size(); ++i) out.panels[i] = kPanels[i];
  return out;
}

}  // namespace glim::cpu
