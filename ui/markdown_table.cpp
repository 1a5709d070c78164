#include "ui/markdown_table.h"

#include <algorithm>
#include <numeric>

namespace glim::ui {
namespace {

constexpr int kNarrowestColumn = 6;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

int width_of(const Table::Row& row, std::size_t column) {
  return column < row.cells.size() ? display_width(row.cells[column]) : 0;
}

/// Natural widths, the widest shortened until they fit into `room`; empty when columns would become too
/// narrow.
std::vector<int> column_widths(const Table& table, int room) {
  std::vector<int> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    int width = std::max(width_of(table.head, c), 1);
    for (const Table::Row& row : table.rows) width = std::max(width, width_of(row, c));
    widths.push_back(width);
  }
  int excess = std::accumulate(widths.begin(), widths.end(), 0) - room;
  while (excess > 0) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowestColumn) return {};
    // Down to the second widest at once, or by what is missing.
    int second = kNarrowestColumn;
    for (auto it = widths.begin(); it != widths.end(); ++it)
      if (it != widest) second = std::max(second, std::min(*it, *widest - 1));
    const int cut = std::min(excess, *widest - second);
    *widest -= cut;
    excess -= cut;
  }
  return widths;
}

void add_aligned(Spans& out, const Line& cell, int width, Align align) {
  const int missing = std::max(width - display_width(cell.spans), 0);
  const int before = align == Align::right ? missing : align == Align::center ? missing / 2 : 0;
  const auto blanks = [&](int n) {
    if (n > 0) out.push_back({std::string(static_cast<std::size_t>(n), ' '), Style::text, cell.source});
  };
  blanks(before);
  out.insert(out.end(), cell.spans.begin(), cell.spans.end());
  blanks(missing - before);
}

void add_row(std::vector<Line>& out, const Table& table, const Table::Row& row,
             const std::vector<int>& widths, const GlyphSet& glyphs) {
  std::vector<std::vector<Line>> cells;
  std::size_t height = 1;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    const Spans none;
    cells.push_back(wrap(c < row.cells.size() ? row.cells[c] : none, {.width = widths[c]}));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t n = 0; n < height; ++n) {
    Line line{{}, row.source};
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (c > 0)
        line.spans.push_back({" " + std::string(glyphs.vertical) + " ", Style::table_frame, row.source});
      add_aligned(line.spans, n < cells[c].size() ? cells[c][n] : Line{}, widths[c], table.columns[c]);
    }
    for (Span& span : line.spans) span.source = row.source;
    out.push_back(std::move(line));
  }
}

void add_rule(std::vector<Line>& out, const Table& table, const std::vector<int>& widths,
              const GlyphSet& glyphs) {
  std::string rule;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    const int beside = (c > 0 ? 1 : 0) + (c + 1 < widths.size() ? 1 : 0);
    if (c > 0) rule += glyphs.cross;
    for (int i = 0; i < widths[c] + beside; ++i) rule += glyphs.horizontal;
  }
  out.push_back({{{std::move(rule), Style::table_frame, table.rule_source}}, table.rule_source});
}

std::vector<Line> as_pairs(const Table& table, int width) {
  std::vector<Line> out;
  for (const Table::Row& row : table.rows) {
    if (!out.empty()) out.push_back({{}, row.source});
    for (std::size_t c = 0; c < row.cells.size() && c < table.columns.size(); ++c) {
      Spans text = c < table.head.cells.size() ? table.head.cells[c] : Spans{};
      for (Span& span : text) span.ink.emphasis = static_cast<std::uint8_t>(span.ink.emphasis | bold);
      text.push_back({": ", Style::text, row.source});
      text.insert(text.end(), row.cells[c].begin(), row.cells[c].end());
      for (Line& line : wrap(text, {.width = width, .rest = {{"  ", Style::text}}})) {
        line.source = row.source;
        out.push_back(std::move(line));
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::string_view> table_cells(std::string_view row) {
  row = trim(row);
  if (row.starts_with('|')) row.remove_prefix(1);
  std::vector<std::string_view> cells;
  std::size_t begin = 0;
  bool in_code = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '\\')
      ++i;
    else if (row[i] == '`')
      in_code = !in_code;
    else if (row[i] == '|' && !in_code)
      cells.push_back(trim(row.substr(begin, i - begin))), begin = i + 1;
  }
  if (begin < row.size()) cells.push_back(trim(row.substr(begin)));
  return cells;
}

std::vector<Align> table_columns(std::string_view row) {
  std::vector<Align> out;
  if (row.find('-') == std::string_view::npos || row.find('|') == std::string_view::npos) return {};
  for (std::string_view cell : table_cells(row)) {
    const bool left = cell.starts_with(':'), right = cell.size() > 1 && cell.ends_with(':');
    if (left) cell.remove_prefix(1);
    if (right) cell.remove_suffix(1);
    if (cell.empty() || cell.find_first_not_of('-') != std::string_view::npos) return {};
    out.push_back(left && right ? Align::center : right ? Align::right : Align::left);
  }
  return out;
}

std::vector<Line> lay_out_table(const Table& table, int width, bool in_columns, const GlyphSet& glyphs) {
  const int room = width - 3 * (static_cast<int>(table.columns.size()) - 1);
  const std::vector<int> widths = in_columns ? column_widths(table, room) : std::vector<int>();
  if (widths.empty() && !table.rows.empty()) return as_pairs(table, width);
  std::vector<Line> out;
  Table::Row head = table.head;
  for (Spans& cell : head.cells)
    for (Span& span : cell) span.ink.emphasis = static_cast<std::uint8_t>(span.ink.emphasis | bold);
  if (widths.empty()) return wrap(head.cells.empty() ? Spans{} : head.cells[0], {.width = width});
  add_row(out, table, head, widths, glyphs);
  add_rule(out, table, widths, glyphs);
  for (const Table::Row& row : table.rows) add_row(out, table, row, widths, glyphs);
  return out;
}

}  // namespace glim::ui
