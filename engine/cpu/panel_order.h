#pragma once

#include "engine/cpu/panel.h"

namespace glim::cpu {

/// How the bytes of a format lie where the 16 rows of a panel are interleaved. For every 256 columns (fewer
/// at the end of a row): the odd bytes of each block, [blocks][16][odd], then the other bytes in words of
/// four, [blocks][words][16][4]. A panel takes as many bytes as its rows take in file layout.
struct PanelOrder {
  int values = 0;          ///< of a block; 0 for a format that is not interleaved
  int bytes = 0;           ///< of a block
  int odd = 0;             ///< bytes of a block that are not in words
  bool odd_first = false;  ///< they are at its start, not at its end
};

/// Interleaves 16 rows of `rows.cols` columns; `out` does not overlap them.
void interleave(const PanelOrder& order, const PanelRows& rows, std::byte* out);

/// Row `row` of an interleaved panel in file layout.
void take_row(const PanelOrder& order, const std::byte* panel, int row, std::int64_t cols, std::byte* out);

}  // namespace glim::cpu
