#include "engine/cpu/panel_order.h"

#include <algorithm>
#include <cstring>

namespace glim::cpu {
namespace {

/// Calls use(place in the row, place in the panel for row 0, bytes of a row there) for all pieces.
template <typename Use>
void each_piece(const PanelOrder& order, std::int64_t cols, const Use& use) {
  const std::int64_t words = (order.bytes - order.odd) / 4;
  std::int64_t from = 0, to = 0;
  for (std::int64_t col = 0; col < cols; col += kPanelCols) {
    const std::int64_t blocks = std::min<std::int64_t>(cols - col, kPanelCols) / order.values;
    std::int64_t word_to = to + kPanelRows * order.odd * blocks;
    for (std::int64_t b = 0; b < blocks; ++b, from += order.bytes) {
      if (order.odd > 0) {
        use(order.odd_first ? from : from + 4 * words, to + kPanelRows * order.odd * b, order.odd);
      }
      const std::int64_t first = order.odd_first ? from + order.odd : from;
      for (std::int64_t w = 0; w < words; ++w, word_to += 4 * kPanelRows) use(first + 4 * w, word_to, 4);
    }
    to = word_to;
  }
}

}  // namespace

void interleave(const PanelOrder& order, const PanelRows& rows, std::byte* out) {
  each_piece(order, rows.cols, [&](std::int64_t from, std::int64_t to, int size) {
    const std::byte* source = rows.first + from;
    std::byte* target = out + to;
    for (int r = 0; r < kPanelRows; ++r, source += rows.stride, target += size) {
      if (size == 4) {
        std::memcpy(target, source, 4);
      } else {
        std::copy_n(source, size, target);
      }
    }
  });
}

void take_row(const PanelOrder& order, const std::byte* panel, int row, std::int64_t cols, std::byte* out) {
  each_piece(order, cols, [&](std::int64_t from, std::int64_t to, int size) {
    std::copy_n(panel + to + row * size, size, out + from);
  });
}

}  // namespace glim::cpu
