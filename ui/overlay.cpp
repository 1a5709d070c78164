#include "ui/overlay.h"

#include <algorithm>

#include "ui/text_layout.h"

namespace glim::ui {

Rect draw_overlay(Canvas& canvas, const Rect& area, Size wanted, const Spans& title, const GlyphSet& glyphs) {
  if (area.width < 60 || area.height < 12) {
    canvas.fill(area, Style::overlay);
    canvas.put({area.row, area.col}, title, area.col + area.width);
    return {area.row + 1, area.col, area.height - 1, area.width};
  }
  const int height = std::clamp(wanted.rows + 2, 3, area.height),
            width = std::clamp(wanted.cols + 4, 20, area.width);
  const Rect frame = {area.row + (area.height - height) / 2, area.col + (area.width - width) / 2, height,
                      width};
  canvas.fill(frame, Style::overlay);
  canvas.box(frame, glyphs, Style::overlay_frame);
  const int end = frame.col + frame.width - 1;
  int col = canvas.put({frame.row, frame.col + 2}, " ", Style::overlay_frame, end);
  col = canvas.put({frame.row, col}, title, end - 1);
  canvas.put({frame.row, col}, " ", Style::overlay_frame, end);
  return {frame.row + 1, frame.col + 2, height - 2, width - 4};
}

int scroll_to(int first, int selected, int rows, int count) {
  if (selected < first) first = selected;
  if (selected >= first + rows) first = selected - rows + 1;
  return std::clamp(first, 0, std::max(count - rows, 0));
}

}  // namespace glim::ui
