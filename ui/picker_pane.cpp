#include "ui/picker_pane.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/overlay.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool has_letters_in_order(std::string_view text, std::string_view letters) {
  std::size_t found = 0;
  for (const char c : text)
    if (found < letters.size() && lower(c) == lower(letters[found])) ++found;
  return found == letters.size();
}

void draw_row(Canvas& canvas, const Rect& at, const PickerRow& row, bool selected, const GlyphSet& glyphs) {
  const int end = at.col + at.width;
  const Ink ink = row.enabled ? Style::text : Style::dim;
  canvas.put({at.row, at.col}, selected ? glyphs.generating : " ", Style::accent, end);
  if (row.current) canvas.put({at.row, at.col + 2}, glyphs.filled_dot, Style::status_good, end);
  const int detail = std::min(display_width(row.detail), at.width / 2);
  const int room = at.width - 4 - detail - (detail > 0 ? 2 : 0);
  canvas.put({at.row, at.col + 4}, fit(row.label, room, glyphs.ellipsis), ink, end);
  canvas.put({at.row, end - detail}, fit(row.detail, detail, glyphs.ellipsis), Style::dim, end);
  if (selected) canvas.emphasize(at, bold);
}

}  // namespace

std::vector<std::size_t> matching_rows(const std::vector<PickerRow>& rows, std::string_view filter) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (has_letters_in_order(rows[i].label, filter)) out.push_back(i);
  return out;
}

void draw_picker(Canvas& canvas, const Rect& area, const PickerData& data, const GlyphSet& glyphs) {
  constexpr int kWidth = 64;
  const auto count = static_cast<int>(data.rows.size()), notes = static_cast<int>(data.notes.size());
  const int around = (data.filterable ? 1 : 0) + (notes > 0 ? notes + 1 : 0) + 1;
  const Spans title = {{data.title, Style::title}};
  const Rect inside = draw_overlay(canvas, area, {std::max(count, 1) + around, kWidth}, title, glyphs);
  const int end = inside.col + inside.width;
  int row = inside.row;
  if (data.filterable) {
    const int col = canvas.put({row, inside.col}, "> ", Style::prompt, end);
    canvas.set_cursor({row, std::min(canvas.put({row, col}, data.filter, Style::input, end), end - 1)});
    ++row;
  } else {
    canvas.hide_cursor();
  }
  const int visible = std::max(inside.row + inside.height - row - (around - (data.filterable ? 1 : 0)), 1);
  const int first = scroll_to(0, data.selected, visible, count);
  for (int i = 0; i < std::min(visible, count - first); ++i)
    draw_row(canvas, {row + i, inside.col, 1, inside.width}, data.rows[static_cast<std::size_t>(first + i)],
             first + i == data.selected, glyphs);
  if (count == 0) canvas.put({row, inside.col}, "nothing matches", Style::dim, end);
  row += std::min(visible, std::max(count, 1));
  const int last = inside.row + inside.height - 1;
  if (notes > 0 && row < last)
    canvas.horizontal_line({row++, inside.col}, inside.width, Style::rule, glyphs.horizontal);
  for (const std::string& note : data.notes) {
    if (row >= last) break;
    canvas.put({row++, inside.col}, fit(note, inside.width, glyphs.ellipsis), Style::dim, end);
  }
  canvas.put({last, inside.col}, data.hints, Style::dim, end);
  if (data.total > 0)
    canvas.put_right({last, inside.col + display_width(data.hints) + 1},
                     {{strf("%d of %d", count, data.total), Style::dim}}, end);
}

}  // namespace glim::ui
