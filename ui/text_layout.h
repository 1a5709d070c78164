#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ui/canvas.h"

namespace glim::ui {

// How text falls into cells. Widths are sums over code points of what wcwidth() says, because that is what
// ncurses counts; they do not depend on the locale. On screen only, zero-width joiners, variation selector 16
// and skin tones are dropped, at most eight combining marks are kept per character, control characters become
// U+2400 signs, and what has no width becomes a box (U+25A1).

/// Columns of one code point: 0, 1 or 2, or -1 for what cannot be shown (controls, unassigned).
int code_width(char32_t code);

/// Whether the code point attaches to the one before it.
bool is_combining(char32_t code);

/// What one cell (or two, when wide) shows.
struct Shape {
  std::size_t length = 0;  ///< bytes of the text that it stands for
  std::string_view text;   ///< view into the text when nothing had to change, else into `changed`
  int width = 0;  ///< 1 or 2; 0 only at the start of a text that begins with combining marks and nothing else
};

/// Walks a text cell by cell. The shape is valid until the next call and while the text lives.
class ShapeReader {
 public:
  explicit ShapeReader(std::string_view text) : text_(text) {}
  bool done() const { return at_ >= text_.size(); }
  std::size_t offset() const { return at_; }
  const Shape& next();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  Shape shape_;
  std::string changed_;
};

int display_width(std::string_view text);
int display_width(const Spans& spans);

/// The longest beginning of `text` that is at most `width` columns wide; when cut, it ends with `ellipsis`.
std::string fit(std::string_view text, int width, std::string_view ellipsis);

/// `text` with blanks added up to `width` columns.
std::string pad(std::string_view text, int width);

// Steps of the cursor: extended grapheme clusters (Unicode Annex 29).
std::size_t next_grapheme(std::string_view text, std::size_t offset);
std::size_t previous_grapheme(std::string_view text, std::size_t offset);

/// One row of text. `source` is the place in the original text of the first character that comes from there.
struct Line {
  Spans spans;
  std::size_t source = 0;
};

std::string text_of(const Line& line);

inline constexpr int kTabColumns = 4;  ///< of a tab in wrapped text; text of models has none left

struct WrapOptions {
  int width = 80;
  Spans first = {};  ///< before the first row
  Spans rest = {};   ///< before every other row
};

/// Breaks at newlines and, where a row is full, after the last blank or beside a wide character, else inside
/// the word. Blanks that a break swallows are not shown. An empty text is one empty row. Width below 1 counts
/// as 1.
std::vector<Line> wrap(const Spans& text, const WrapOptions& options);
std::vector<Line> wrap(std::string_view text, int width, Ink ink = {});

}  // namespace glim::ui
