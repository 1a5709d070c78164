#include "ui/layout.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace glim::ui {

std::string too_small_message(Size size) {
  return strf("glim needs %dx%d, this is %dx%d", kSmallest.cols, kSmallest.rows, size.cols, size.rows);
}

ChatLayout chat_layout(Size size, int draft_rows) {
  ChatLayout out;
  if (size.rows < kSmallest.rows || size.cols < kSmallest.cols) {
    out.too_small = true;
    return out;
  }
  out.compact = size.cols < 60;
  out.tiny = size.rows < 12 || out.compact;
  const bool tall = size.rows >= 20 && !out.compact;
  const int status_rows = tall && size.cols >= 80 ? 2 : 1;
  int top = 0, bottom = size.rows;
  const auto from_top = [&](int rows) { return Rect{std::exchange(top, top + rows), 0, rows, size.cols}; };
  const auto from_bottom = [&](int rows) { return Rect{bottom -= rows, 0, rows, size.cols}; };
  out.header = from_top(1);
  if (tall) out.header_rule = from_top(1);
  if (size.rows >= 12 && !out.compact) out.hints = from_bottom(1);
  out.status = from_bottom(status_rows);
  if (tall) out.status_rule = from_bottom(1);
  const int most = std::max(size.rows / 3, 1);
  out.input = from_bottom(std::clamp(draft_rows, tall ? 2 : 1, std::max(most, tall ? 2 : 1)));
  out.middle_rule = from_bottom(1);
  out.transcript = {top, 0, bottom - top, size.cols};
  return out;
}

std::vector<Rect> split_columns(const Rect& area, int count) {
  std::vector<Rect> out;
  const int room = area.width - (count - 1);
  int col = area.col;
  for (int i = 0; i < count; ++i) {
    const int width = room / count + (i < room % count ? 1 : 0);
    out.push_back({area.row, col, area.height, std::max(width, 0)});
    col += width + 1;
  }
  return out;
}

}  // namespace glim::ui
