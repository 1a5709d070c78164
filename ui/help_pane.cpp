#include "ui/help_pane.h"

#include <algorithm>

#include "ui/header.h"
#include "ui/overlay.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr int kWidth = 74;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

bool matches(const HelpRow& row, const std::string& filter) {
  return filter.empty() ||
         lower(row.key + " " + row.command + " " + row.description).find(filter) != std::string::npos;
}

struct Columns {
  int key = 0, command = 0;
};

Columns columns_of(const std::vector<HelpRow>& rows, int width) {
  Columns out;
  for (const HelpRow& row : rows) {
    out.key = std::max(out.key, display_width(row.key));
    out.command = std::max(out.command, display_width(row.command));
  }
  out.key = std::min(out.key, width / 4);
  out.command = std::min(out.command, width / 3);
  return out;
}

}  // namespace

std::vector<HelpRow> filtered_help(const HelpData& data) {
  const std::string filter = lower(data.filter);
  std::vector<HelpRow> out;
  for (const HelpRow& row : data.rows) {
    if (!row.heading.empty() && !out.empty() && !out.back().heading.empty())
      out.back() = row;
    else if (!row.heading.empty() || matches(row, filter))
      out.push_back(row);
  }
  if (!out.empty() && !out.back().heading.empty()) out.pop_back();
  return out;
}

int help_page_rows(const Rect& area) {
  const bool framed = area.width >= 60 && area.height >= 12;
  return std::max(area.height - (framed ? 3 : 2), 1);
}

void draw_help(Canvas& canvas, const Rect& area, const HelpData& data, const GlyphSet& glyphs) {
  const std::vector<HelpRow> rows = filtered_help(data);
  const auto count = static_cast<int>(rows.size());
  Spans title = {{"help " + std::string(glyphs.dot) + " " + data.place, Style::title}};
  if (data.filter.empty())
    title.push_back({" " + std::string(glyphs.dot) + " type to filter", Style::dim});
  else
    title.push_back({" / " + data.filter, Style::accent});
  const Rect inside = draw_overlay(canvas, area, {std::max(count, 1) + 1, kWidth}, title, glyphs);
  const int visible = std::max(inside.height - 1, 1), end = inside.col + inside.width;
  const int first = std::clamp(data.first, 0, std::max(count - visible, 0));
  const Columns columns = columns_of(rows, inside.width);
  for (int i = 0; i < std::min(visible, count - first); ++i) {
    const HelpRow& row = rows[static_cast<std::size_t>(first + i)];
    const int y = inside.row + i;
    if (!row.heading.empty()) {
      canvas.put({y, inside.col}, row.heading, Style::heading, end);
      continue;
    }
    int col = inside.col + 1;
    if (columns.key > 0) canvas.put({y, col}, fit(row.key, columns.key, glyphs.ellipsis), Style::key, end);
    col += columns.key + (columns.key > 0 ? 2 : 0);
    if (columns.command > 0)
      canvas.put({y, col}, fit(row.command, columns.command, glyphs.ellipsis), Style::accent, end);
    col += columns.command + (columns.command > 0 ? 2 : 0);
    canvas.put({y, col}, fit(row.description, end - col, glyphs.ellipsis), Style::text, end);
  }
  if (count == 0) canvas.put({inside.row, inside.col}, "nothing matches", Style::dim, end);
  const Spans hints = hint_line(
      {{"Esc", "close"}, {std::string(glyphs.up) + std::string(glyphs.down), "scroll"}}, inside.width);
  if (inside.height > 1) canvas.put({inside.row + inside.height - 1, inside.col}, hints, end);
}

}  // namespace glim::ui
