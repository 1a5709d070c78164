#include "ui/report_table.h"

#include <algorithm>

namespace glim::ui {
namespace {

constexpr int kMargin = 2, kGap = 2, kNarrowestColumn = 6;

/// The columns that are shown, and how wide.
struct Layout {
  std::vector<std::size_t> columns;
  std::vector<int> widths;

  int total() const {
    int out = kMargin;
    for (const int width : widths) out += width + kGap;
    return out - (widths.empty() ? 0 : kGap);
  }
};

const std::string& cell(const ReportTable::Row& row, std::size_t column) {
  static const std::string none;
  return column < row.cells.size() ? row.cells[column] : none;
}

int natural_width(const ReportTable& table, std::size_t column) {
  int width = display_width(table.columns[column].heading);
  for (const ReportTable::Row& row : table.rows) width = std::max(width, display_width(cell(row, column)));
  return std::max(width, 1);
}

Layout lay_out(const ReportTable& table, int width, std::vector<std::string>& dropped) {
  Layout out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    out.columns.push_back(c);
    out.widths.push_back(natural_width(table, c));
  }
  while (out.total() > width) {
    const auto last = std::max_element(
        out.columns.begin(), out.columns.end(),
        [&](std::size_t a, std::size_t b) { return table.columns[a].rank < table.columns[b].rank; });
    if (table.columns[*last].rank == 0) break;
    dropped.push_back(table.columns[*last].heading);
    out.widths.erase(out.widths.begin() + (last - out.columns.begin()));
    out.columns.erase(last);
  }
  while (out.total() > width) {
    int& widest = *std::max_element(out.widths.begin(), out.widths.end());
    if (widest <= kNarrowestColumn) break;
    widest = std::max(widest - (out.total() - width), kNarrowestColumn);
  }
  return out;
}

std::string aligned(std::string text, int width, bool left, const GlyphSet& glyphs) {
  text = fit(text, width, glyphs.ellipsis);
  const auto missing = static_cast<std::size_t>(std::max(width - display_width(text), 0));
  return left ? text + std::string(missing, ' ') : std::string(missing, ' ') + text;
}

}  // namespace

std::vector<Line> table_lines(const ReportTable& table, int width, const GlyphSet& glyphs) {
  std::vector<std::string> dropped;
  const Layout layout = lay_out(table, width, dropped);
  const std::string margin(kMargin, ' '), gap(kGap, ' ');
  const auto line_of = [&](auto text, Ink ink) {
    std::string out;
    for (std::size_t i = 0; i < layout.columns.size(); ++i) {
      const std::size_t column = layout.columns[i];
      if (i > 0) out += gap;
      out += aligned(text(column), layout.widths[i], table.columns[column].left, glyphs);
    }
    return Line{{{margin, Style::text}, {std::move(out), ink}}};
  };
  std::vector<Line> out;
  out.push_back(line_of([&](std::size_t c) { return table.columns[c].heading; }, Style::title));
  std::string rule;
  for (std::size_t i = 0; i < layout.widths.size(); ++i) {
    if (i > 0) rule += gap;
    for (int k = 0; k < layout.widths[i]; ++k) rule += glyphs.horizontal;
  }
  out.push_back({{{margin, Style::text}, {std::move(rule), Style::rule}}});
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const ReportTable::Row& row = table.rows[r];
    const bool selected = static_cast<int>(r) == table.selected;
    out.push_back(
        line_of([&](std::size_t c) { return cell(row, c); }, Ink(row.style, selected ? reverse : 0)));
  }
  const auto note = [&](const std::string& text) {
    for (Line& line : wrap(Spans{{text, Style::dim}},
                           {.width = width, .first = {{margin, Style::dim}}, .rest = {{margin, Style::dim}}}))
      out.push_back(std::move(line));
  };
  for (const std::string& text : table.notes) note(text);
  if (!dropped.empty()) {
    std::string list;
    for (auto it = dropped.rbegin(); it != dropped.rend(); ++it) list += (list.empty() ? "" : ", ") + *it;
    note("no room for " + list);
  }
  return out;
}

int selected_line(const ReportTable& table) {
  return 2 + std::max(table.selected, 0);
}

}  // namespace glim::ui
