#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ui/glyphs.h"
#include "ui/text_layout.h"

namespace glim::ui {

struct MarkdownOptions {
  int width = 80;
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  bool frames = true;  ///< frames around code and tables as columns; without: indented code, `key: value`
  std::string code_label = {};  ///< at the right end of a code frame, for example "y copy"
  Spans lead = {};              ///< before the first row when that is plain text, else on a row of its own
};

/// Light markdown of an answer that is still being written: headings, emphasis, inline and fenced code,
/// lists, quotes, tables, rules, numbered links. A newline of the text is a newline on screen, because that
/// is what chat models mean. Every row carries the byte offset of the text it shows.
///
/// The text may only grow between two calls of update(); everything before the block being written is laid
/// out once and kept, so a call costs as much as that last block. Change options or text otherwise: make a
/// new one.
class MarkdownLayout {
 public:
  explicit MarkdownLayout(MarkdownOptions options) : options_(std::move(options)) {}

  /// `finished`: nothing will follow; the last frame is closed and link targets are listed at the end.
  void update(std::string_view text, bool finished);

  const std::vector<Line>& lines() const { return lines_; }
  const std::vector<std::string>& links() const { return links_; }  ///< link n is links()[n - 1]
  std::size_t settled_bytes() const { return settled_; }  ///< what later calls will not look at again

 private:
  enum class Mode : unsigned char { blocks, code };

  /// A fenced code block that has begun.
  struct Fence {
    char mark = '`';
    std::size_t length = 3;
    int indent = 0;
  };

  std::size_t take_block(std::string_view text, std::size_t at, bool finished);
  std::size_t take_code(std::string_view text, std::size_t at, bool finished);
  std::size_t take_table(std::string_view text, std::size_t at, bool finished);
  void take_row(std::string_view row, std::size_t source);
  void add_text(std::string_view row, std::size_t source, const Spans& first, const Spans& rest, Ink ink);
  void open_code(std::string_view info, std::size_t source);
  void code_row(std::string_view row, std::size_t source);
  void close_code(std::size_t source);
  void list_links();
  Spans take_lead();
  void own_row_for_lead(std::size_t source);

  MarkdownOptions options_;
  std::vector<Line> lines_;
  std::vector<std::string> links_;
  // What the settled part ends in; the tail is laid out again from here.
  std::size_t settled_ = 0;
  std::size_t settled_lines_ = 0;
  std::size_t settled_links_ = 0;
  Mode mode_ = Mode::blocks;
  Fence fence_;
  bool lead_done_ = false;
};

}  // namespace glim::ui
