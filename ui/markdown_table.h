#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ui/glyphs.h"
#include "ui/text_layout.h"

namespace glim::ui {

enum class Align : unsigned char { left, right, center };

/// A table as it was written: cells with inline markup already read, and where each row is in the text.
struct Table {
  struct Row {
    std::vector<Spans> cells;
    std::size_t source = 0;
  };
  std::vector<Align> columns;
  Row head;
  std::size_t rule_source = 0;
  std::vector<Row> rows;
};

/// Whether the row is `|---|:--:|`: the alignment of its columns, else empty.
std::vector<Align> table_columns(std::string_view row);

/// The cells of a row without the outer bars and blanks around them; a bar after a backslash or in code is
/// text.
std::vector<std::string_view> table_cells(std::string_view row);

/// In columns within `width`, cells wrapped where it does not fit; as `key: value` rows where even that is
/// too narrow or `in_columns` is false.
std::vector<Line> lay_out_table(const Table& table, int width, bool in_columns, const GlyphSet& glyphs);

}  // namespace glim::ui
