#pragma once

#include <cstddef>
#include <cstdint>

namespace glim::cpu {

/// Weights and activations as small integers, for processors that multiply bytes.
///
/// A panel is 16 rows of a weight matrix. It is unpacked 256 columns at a time into blocks whose codes lie so
/// that one 64-byte load has four neighbouring columns of all 16 rows; one instruction multiplies them with
/// the same four activations. Sums of codes are exact; scales are applied every 32 columns, in ascending
/// order, so that a row's product has the same bits however many rows and inputs share the work. Source of
/// the layout: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"; of the arithmetic:
/// Intel's manual on VPDPBUSD.
// Everything here that is a function is always inlined: code for one instruction set must not serve another.
inline constexpr int kPanelRows = 16, kPanelCols = 256, kGroup = 32;
inline constexpr int kBlockGroups = kPanelCols / kGroup;

/// How values follow from codes: scale * (code - zero) + minimum.
struct CodeLayout {
  int zero = 0;
  int scales = 1;        ///< of a group of 32 columns: one, or one for each half
  bool minimum = false;  ///< whether there are minimums, as many as scales; then there is no zero
  bool fine = false;     ///< the codes are so exact that activations need more than eight bits
};

/// 16 rows times 256 columns; what lies beyond the matrix multiplies zeros or is not read.
struct alignas(64) PanelBlock {
  std::uint8_t codes[kPanelCols / 4][kPanelRows][4];
  float scales[2 * kBlockGroups][kPanelRows];  ///< in the order of columns
  float minimums[2 * kBlockGroups][kPanelRows];
};

/// What a group of 32 coded activations needs besides its codes.
struct CodedGroup {
  float scale;                 ///< of the upper codes
  float fine_scale;            ///< of both together: scale / 256
  std::int32_t upper_sums[2];  ///< of the upper codes of each half
  std::int32_t sums[2];        ///< of 256 * upper + lower
  float upper_total, total;    ///< both halves
};

/// Rows of activations in 16 bits: x = scale / 256 * (256 * upper + lower). The upper codes alone are x
/// rounded to eight bits. A row is `cols` upper codes and `cols` lower codes, or for instruction sets that
/// multiply words `cols` words at word_place(), and then cols / 32 groups. `cols` is a multiple of 32.
struct CodedRows {
  std::byte* first = nullptr;
  std::int64_t cols = 0;
  [[gnu::always_inline]] static constexpr std::int64_t row_bytes(std::int64_t cols) {
    return 2 * cols + cols / kGroup * static_cast<std::int64_t>(sizeof(CodedGroup));
  }
  [[gnu::always_inline]] std::byte* row(std::int64_t i) const { return first + row_bytes(cols) * i; }
};

/// Where the word of column i lies: of four columns first the even ones.
[[gnu::always_inline]] constexpr int word_place(int i) {
  return i - i % 4 + i % 4 / 2 + i % 2 * 2;
}

/// Some columns of some of the rows of CodedRows.
struct CodedInputs {
  CodedRows rows;
  std::int64_t col = 0;                 ///< the first one; a multiple of 32
  const std::int32_t* index = nullptr;  ///< may be null
  std::int64_t count = 0;
  [[gnu::always_inline]] const std::byte* row(std::int64_t i) const {
    return rows.row(index != nullptr ? index[i] : i);
  }
};

/// The first `rows` rows of a panel, from one block to the next.
struct PanelRows {
  const std::byte* first;  ///< in file layout, at the first block
  std::uint64_t stride;    ///< bytes
  int rows;
  std::int64_t cols;  ///< left; a multiple of 32
};

/// out[i * stride + r] += panel row r · input row i for all 16 rows, where the panel's columns start at
/// column `col` of the inputs.
struct PanelProduct {
  const PanelBlock* blocks;
  std::int64_t cols;
  std::int64_t col;
  float* out;
  std::int64_t stride;
  int zero;   ///< of CodeLayout
  bool both;  ///< whether the lower codes count too; words always count whole
};

}  // namespace glim::cpu
