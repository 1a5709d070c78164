#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ui/glyphs.h"
#include "ui/theme.h"

namespace glim::ui {

struct Point {
  int row = 0;
  int col = 0;
  friend constexpr bool operator==(Point, Point) = default;
};

struct Size {
  int rows = 0;
  int cols = 0;
  friend constexpr bool operator==(Size, Size) = default;
};

/// Rows and columns of cells; empty when a side is not positive.
struct Rect {
  int row = 0;
  int col = 0;
  int height = 0;
  int width = 0;

  constexpr bool empty() const { return height <= 0 || width <= 0; }
  constexpr Rect line(int n) const { return {row + n, col, n >= 0 && n < height ? 1 : 0, width}; }
  friend constexpr bool operator==(const Rect&, const Rect&) = default;
};

/// A run of text in one ink. `source` is where the text begins in what it was made from (bytes); text that
/// was added (indent, frames, bullets, marks) has the source of what follows it.
struct Span {
  std::string text;
  Ink ink;
  std::size_t source = 0;
  bool added = false;  ///< all of the text belongs to `source`, no byte of it stands there
};

using Spans = std::vector<Span>;

/// A grid of cells that panes draw on. Everything outside is clipped. Text is drawn as text_layout.h shapes
/// it: wide characters take two cells, control characters are replaced, so no escape sequence passes through
/// a canvas.
class Canvas {
 public:
  struct Cell {
    std::string text = " ";  ///< one character with its combining marks; empty: right half of the one before
    Ink ink;
    int width = 1;  ///< 0 for the right half
    friend bool operator==(const Cell&, const Cell&) = default;
  };

  Canvas(int rows, int cols);
  explicit Canvas(Size size) : Canvas(size.rows, size.cols) {}

  int rows() const { return rows_; }
  int cols() const { return cols_; }
  Size size() const { return {rows_, cols_}; }
  Rect area() const { return {0, 0, rows_, cols_}; }
  const Cell& at(int row, int col) const { return cells_[index(row, col)]; }

  /// Draws from `at` to the right, at most to `end_col` (exclusive). Returns the column after the last cell
  /// drawn.
  int put(Point at, std::string_view text, Ink ink, int end_col);
  int put(Point at, std::string_view text, Ink ink) { return put(at, text, ink, cols_); }
  int put(Point at, const Spans& spans, int end_col);

  /// Draws so that the text ends before `end_col`; nothing when it does not fit to the right of `at`.
  bool put_right(Point at, const Spans& spans, int end_col);

  void fill(const Rect& area, Ink ink, std::string_view character = " ");
  void horizontal_line(Point at, int width, Ink ink, std::string_view character);
  void box(const Rect& area, const GlyphSet& glyphs, Ink ink);
  /// Adds emphasis to what is already there.
  void emphasize(const Rect& area, std::uint8_t attributes);

  void set_cursor(Point at) { cursor_ = at; }
  void hide_cursor() { cursor_.reset(); }
  const std::optional<Point>& cursor() const { return cursor_; }  ///< none: hidden

  /// For tests: rows joined by newlines, blanks at the ends of rows cut.
  std::string text() const;
  std::string row_text(int row) const;

 private:
  std::size_t index(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols_) + static_cast<std::size_t>(col);
  }
  void set(Point at, std::string_view text, Ink ink, int width);
  void break_wide(int row, int col);

  int rows_;
  int cols_;
  std::vector<Cell> cells_;
  std::optional<Point> cursor_;
};

}  // namespace glim::ui
