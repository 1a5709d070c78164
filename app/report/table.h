#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "app/report/report.h"

namespace glim::app::report {

/// One table of a report, laid out as text but for no particular medium. Texts are as they came.
struct Table {
  struct Column {
    std::string heading;
    std::string unit;  ///< "GB"; empty where there is none
    bool left = false;
    int rank = 0;  ///< columns of high rank are the first to go where there is no room
  };
  struct Cell {
    std::string text;
    FigureKind kind = FigureKind::measured;
  };

  std::string title, lead;  ///< lead: a sentence before it
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< one cell per column
  std::vector<std::string> notes;       ///< below it

  bool empty() const { return columns.size() < 2 || rows.empty(); }
};

/// Fills a table with one row per row of the report, or with one row per entry of any list.
class TableBuilder {
 public:
  using Text = std::function<std::string(std::size_t row)>;
  using Value = std::function<const Figure&(std::size_t row)>;

  TableBuilder(std::string title, std::size_t rows);

  /// Left out when it is empty in all rows.
  TableBuilder& text(std::string heading, const Text& text, int rank = 0, bool left = false);

  struct Look {
    bool binary = false;  ///< GiB rather than GB
    int rank = 0;
  };
  /// Left out when no row has it; reasons that the figures give become notes. One scale for the column; where
  /// all figures are planned the heading says so, else the cells.
  TableBuilder& figures(const std::string& heading, const Value& value, Look look);
  TableBuilder& figures(const std::string& heading, const Value& value) {
    return figures(heading, value, Look{});
  }

  Table& table() { return table_; }
  Table take() { return std::move(table_); }

 private:
  void explain(const std::string& heading, const std::vector<const Figure*>& column);
  void note(const std::string& text);

  Table table_;
};

/// For a terminal of `width` columns: columns of high rank are left out until the rest fits, which a note
/// says. Texts are made safe for it.
std::string terminal_text(const Table& table, int width);

/// A table of GitHub's Markdown with its title as a heading.
std::string markdown_text(const Table& table);

/// Text of others inside a line of Markdown, with everything escaped that could begin markup or a table cell.
std::string markdown_escaped(std::string_view text);

}  // namespace glim::app::report
