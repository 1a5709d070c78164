#include "ui/canvas.h"

#include <algorithm>

#include "ui/text_layout.h"

namespace glim::ui {

Canvas::Canvas(int rows, int cols)
    : rows_(std::max(rows, 0)),
      cols_(std::max(cols, 0)),
      cells_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(cols_)) {}

/// Half of a wide character cannot stay when the other half is drawn over.
void Canvas::break_wide(int row, int col) {
  Cell& cell = cells_[index(row, col)];
  if (cell.width == 2 && col + 1 < cols_) cells_[index(row, col + 1)] = Cell{" ", cell.ink, 1};
  if (cell.width == 0 && col > 0) cells_[index(row, col - 1)] = Cell{" ", cell.ink, 1};
}

void Canvas::set(Point at, std::string_view text, Ink ink, int width) {
  for (int i = 0; i < width; ++i) break_wide(at.row, at.col + i);
  Cell& cell = cells_[index(at.row, at.col)];
  cell.text.assign(text);
  cell.ink = ink;
  cell.width = width;
  if (width == 2) cells_[index(at.row, at.col + 1)] = Cell{"", ink, 0};
}

int Canvas::put(Point at, std::string_view text, Ink ink, int end_col) {
  const int end = std::min(end_col, cols_);
  if (at.row < 0 || at.row >= rows_) return at.col;
  for (ShapeReader reader(text); !reader.done();) {
    const Shape& shape = reader.next();
    if (shape.width == 0) continue;
    if (at.col + shape.width > end) break;
    if (at.col >= 0) set(at, shape.text, ink, shape.width);
    at.col += shape.width;
  }
  return at.col;
}

int Canvas::put(Point at, const Spans& spans, int end_col) {
  for (const Span& span : spans) at.col = put(at, span.text, span.ink, end_col);
  return at.col;
}

bool Canvas::put_right(Point at, const Spans& spans, int end_col) {
  const int start = end_col - display_width(spans);
  if (start < at.col) return false;
  put({at.row, start}, spans, end_col);
  return true;
}

void Canvas::fill(const Rect& area, Ink ink, std::string_view character) {
  for (int row = area.row; row < area.row + area.height; ++row)
    horizontal_line({row, area.col}, area.width, ink, character);
}

void Canvas::horizontal_line(Point at, int width, Ink ink, std::string_view character) {
  if (at.row < 0 || at.row >= rows_) return;
  for (int col = std::max(at.col, 0); col < std::min(at.col + width, cols_); ++col)
    set({at.row, col}, character, ink, 1);
}

void Canvas::box(const Rect& area, const GlyphSet& glyphs, Ink ink) {
  if (area.height < 2 || area.width < 2) return;
  const int bottom = area.row + area.height - 1, right = area.col + area.width - 1;
  horizontal_line({area.row, area.col}, area.width, ink, glyphs.horizontal);
  horizontal_line({bottom, area.col}, area.width, ink, glyphs.horizontal);
  for (int row = area.row + 1; row < bottom; ++row) {
    put({row, area.col}, glyphs.vertical, ink);
    put({row, right}, glyphs.vertical, ink);
  }
  put({area.row, area.col}, glyphs.top_left, ink);
  put({area.row, right}, glyphs.top_right, ink);
  put({bottom, area.col}, glyphs.bottom_left, ink);
  put({bottom, right}, glyphs.bottom_right, ink);
}

void Canvas::emphasize(const Rect& area, std::uint8_t attributes) {
  for (int row = std::max(area.row, 0); row < std::min(area.row + area.height, rows_); ++row)
    for (int col = std::max(area.col, 0); col < std::min(area.col + area.width, cols_); ++col) {
      Ink& ink = cells_[index(row, col)].ink;
      ink.emphasis = static_cast<std::uint8_t>(ink.emphasis | attributes);
    }
}

std::string Canvas::row_text(int row) const {
  std::string out;
  for (int col = 0; col < cols_; ++col) out += at(row, col).text;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string Canvas::text() const {
  std::string out;
  for (int row = 0; row < rows_; ++row) {
    if (row > 0) out += '\n';
    out += row_text(row);
  }
  return out;
}

}  // namespace glim::ui
