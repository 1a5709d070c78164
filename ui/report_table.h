#pragma once

#include <string>
#include <vector>

#include "ui/glyphs.h"
#include "ui/text_layout.h"

namespace glim::ui {

/// A table of a report. Cells are safe to show.
struct ReportTable {
  struct Column {
    std::string heading;
    bool left = false;  ///< texts; numbers stand at the right
    int rank = 0;       ///< columns of high rank are the first to go where there is no room; 0 stays
  };
  struct Row {
    std::vector<std::string> cells;
    Style style = Style::text;
  };

  std::string title, detail;  ///< detail: at the right end of the title
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<std::string> notes;  ///< below it
  int selected = -1;

  bool empty() const { return columns.empty() || rows.empty(); }
};

/// Heading, rule, rows and notes within `width`, without the title. Columns that had no room are named in a
/// note; where even that is not enough the widest columns are cut.
std::vector<Line> table_lines(const ReportTable& table, int width, const GlyphSet& glyphs);

/// The line of table_lines() that shows the selected row.
int selected_line(const ReportTable& table);

}  // namespace glim::ui
