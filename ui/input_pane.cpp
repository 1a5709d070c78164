#include "ui/input_pane.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr int kMostCompletions = 8;

/// The draft in rows, and the cell of the cursor in them.
struct DraftLayout {
  std::vector<Line> rows;
  Point cursor;
};

std::string prefix_of(const InputData& data) {
  return data.mode.empty() ? data.prompt : data.mode + " " + data.prompt;
}

Spans draft_spans(const InputData& data) {
  Spans out;
  std::size_t taken = 0;
  const auto add = [&](std::size_t end, Style style) {
    if (end > taken) out.push_back({data.text.substr(taken, end - taken), style});
    taken = end;
  };
  for (const PasteChips::Range& label : data.labels) {
    add(label.begin, Style::input);
    add(label.end, Style::accent);
  }
  add(data.text.size(), Style::input);
  if (out.empty()) out.push_back({"", Style::input});
  return out;
}

DraftLayout lay_out(const InputData& data, int width) {
  // Searches have long prompts; the draft keeps at least half the row. The last column is the cursor's.
  const std::string prefix = fit(prefix_of(data), std::max(width / 2, 1), "");
  const std::string blank(static_cast<std::size_t>(display_width(prefix)), ' ');
  DraftLayout out;
  out.rows = wrap(draft_spans(data),
                  {.width = width - 1, .first = {{prefix, Style::prompt}}, .rest = {{blank, Style::input}}});
  const std::size_t cursor = std::min(data.cursor, data.text.size());
  std::size_t row = out.rows.size() - 1;
  while (row > 0 && out.rows[row].source > cursor) --row;
  const std::string_view before(data.text.data() + out.rows[row].source, cursor - out.rows[row].source);
  const auto tabs = static_cast<int>(std::count(before.begin(), before.end(), '\t'));
  const int column = display_width(prefix) + display_width(before) + tabs * (kTabColumns - 1);
  out.cursor = {static_cast<int>(row), std::clamp(column, 0, std::max(width - 1, 0))};
  return out;
}

}  // namespace

int input_rows(const InputData& data, int width) {
  return static_cast<int>(lay_out(data, width).rows.size());
}

void draw_input(Canvas& canvas, const Rect& area, const InputData& data, const GlyphSet& glyphs) {
  if (area.empty()) return;
  const DraftLayout draft = lay_out(data, area.width);
  const int count = static_cast<int>(draft.rows.size()), end = area.col + area.width;
  const int first = std::clamp(draft.cursor.row - area.height + 1, 0, std::max(count - area.height, 0));
  for (int row = first; row < std::min(first + area.height, count); ++row)
    canvas.put({area.row + row - first, area.col}, draft.rows[static_cast<std::size_t>(row)].spans, end);
  if (data.text.empty() && !data.placeholder.empty()) {
    const int col = area.col + draft.cursor.col + 1;
    canvas.put({area.row, col}, fit(data.placeholder, end - col, glyphs.ellipsis), Style::placeholder, end);
  }
  if (data.focused) canvas.set_cursor({area.row + draft.cursor.row - first, area.col + draft.cursor.col});
}

int draw_completions(Canvas& canvas, const Rect& area, const InputData& data, const GlyphSet& glyphs) {
  const auto count = static_cast<int>(data.completions.size());
  const int room = std::min(area.height, kMostCompletions);
  if (count == 0 || room <= 0) return 0;
  const bool cut = count > room;
  const int listed = cut ? std::max(room - 1, 1) : count;
  const int first = std::clamp(data.selected - listed + 1, 0, count - listed);
  const int rows = std::min(listed + (cut ? 1 : 0), room);
  int widest = 0;
  for (const Completion& c : data.completions) widest = std::max(widest, display_width(c.text));
  const int text_width = std::min(widest, std::max(area.width / 2, 1)), end = area.col + area.width;
  const int top = area.row + area.height - rows;
  canvas.fill({top, area.col, rows, area.width}, Style::overlay);
  for (int i = 0; i < listed; ++i) {
    const Completion& c = data.completions[static_cast<std::size_t>(first + i)];
    const std::string name = fit(c.text, text_width, glyphs.ellipsis);
    canvas.put({top + i, area.col + 2}, name, Style::accent, end);
    const int col = area.col + 2 + text_width + 2;
    canvas.put({top + i, col}, fit(c.description, end - col, glyphs.ellipsis), Style::dim, end);
    if (first + i == data.selected) canvas.emphasize({top + i, area.col, 1, area.width}, reverse);
  }
  if (rows > listed) {
    const std::string more = std::string(glyphs.ellipsis) + strf(" %d more", count - listed);
    canvas.put({top + listed, area.col + 2}, more, Style::dim, end);
  }
  return rows;
}

}  // namespace glim::ui
