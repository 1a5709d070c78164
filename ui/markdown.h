#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ui/glyphs.h"
#include "ui/text_layout.h"
#include "ui/text_marks.h"

namespace glim::ui {

struct MarkdownOptions {
  int width = 80;
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  bool plain = false;     ///< nothing is interpreted, rows are only wrapped
  bool frames = true;     ///< frames around code, tables in columns; without: indented code, `key: value`
  int margin = 0;         ///< blank columns at the left, part of the width
  Ink ink = Style::text;  ///< of ordinary text
  std::string code_label = {};  ///< at the right end of a code frame, for example "y copy"
  Spans lead = {};  ///< before the first row, without margin, when that is text, else on a row of its own
};

/// Light markdown of an answer that is still being written: headings, emphasis, inline and fenced code,
/// lists, quotes, tables, rules, numbered links. A newline of the text is a newline on screen, because that
/// is what chat models mean. Every row carries the byte offset of the text it shows; offsets never decrease
/// from row to row.
///
/// The text may only grow between two calls of update(). What cannot change any more is laid out once and
/// kept, so a call costs as much as the block being written: a row of text or code, or a table.
class MarkdownLayout {
 public:
  explicit MarkdownLayout(MarkdownOptions options) : options_(std::move(options)) {}

  /// `finished`: nothing follows for now: open frames are closed and link targets listed. Otherwise the
  /// streaming mark stands after the last character.
  void update(std::string_view text, bool finished);

  /// Marks for the rows, from the next update() on. What they change in rows that were laid out for good is
  /// laid out again.
  void set_marks(std::shared_ptr<const TextMarks> marks);

  const std::vector<Line>& lines() const { return lines_; }
  const std::vector<std::string>& links() const { return links_; }  ///< link n is links()[n - 1]
  std::size_t settled_bytes() const { return settled_.bytes; }  ///< what later calls will not look at again

 private:
  /// A fenced code block that has begun.
  struct Fence {
    char mark = '`';
    std::size_t length = 3;
    int indent = 0;
  };

  /// How far the layout has come and what it is in the middle of.
  struct Progress {
    std::size_t bytes = 0;
    std::size_t lines = 0;
    std::size_t links = 0;
    std::optional<Fence> fence;
    std::optional<std::size_t> blank;  ///< where a blank row was that is shown only when something follows
    bool lead_done = false;
  };

  /// What stands before the rows of a block.
  struct Prefix {
    Spans first, rest;
  };

  bool take_block(std::string_view rest);
  void take_row(std::string_view row);
  bool strip_quote_or_bullet(std::string_view& body, Prefix& prefix) const;
  bool take_fence(std::string_view row);
  void take_code(std::string_view row);
  bool take_table(std::string_view rest);
  void open_frame(std::string_view info);
  void close_frame(std::size_t source);
  void code_row(const Spans& row, std::size_t source);
  void draw_rule();
  void finish(std::size_t size);
  void show_mark(std::size_t source);
  void show_blank();
  void add_rows(Spans text, const Prefix& prefix, std::size_t source);
  void lead_on_its_own();
  Prefix margin();
  Spans marked(Spans text, std::size_t begin, std::size_t length) const;
  int inner_width() const { return options_.width - options_.margin; }

  MarkdownOptions options_;
  std::vector<Line> lines_;
  std::vector<std::string> links_;
  std::shared_ptr<const TextMarks> marks_;  ///< null: none
  Progress settled_;                        ///< of what cannot change any more
  Progress now_;
  bool mark_wanted_ = false;  ///< the streaming mark has not been drawn yet
  bool row_open_ = false;     ///< the row being laid out may still grow
};

}  // namespace glim::ui
