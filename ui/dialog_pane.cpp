#include "ui/dialog_pane.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/overlay.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr int kWidth = 70;

/// The dialog as rows, and which of them is the selected choice.
struct Body {
  std::vector<Line> rows;
  int selected = -1;
};

void add(Body& body, std::string_view text, int width, Ink ink) {
  for (Line& line : wrap(text, width, ink)) body.rows.push_back(std::move(line));
}

Line choice_row(const DialogChoice& choice, int number, bool selected, int width, const GlyphSet& glyphs) {
  const int detail = std::min(display_width(choice.detail), width / 3);
  const int room = std::max(width - detail - 7, 1);
  Line line;
  line.spans.push_back({selected ? " " + std::string(glyphs.generating) : "  ", Style::accent});
  line.spans.push_back({strf("%d ", number), Style::key});
  const Ink ink = selected ? Ink(Style::text, bold) : Ink(Style::text);
  line.spans.push_back({pad(fit(choice.label, room, glyphs.ellipsis), room + 2), ink});
  line.spans.push_back({fit(choice.detail, detail, glyphs.ellipsis), Style::dim});
  return line;
}

Body body_of(const DialogData& data, int width, bool with_details, const GlyphSet& glyphs) {
  Body body;
  add(body, data.sentence, width, Style::text);
  if (with_details && !data.details.empty()) {
    body.rows.emplace_back();
    for (const std::string& detail : data.details) add(body, detail, width, Style::dim);
  }
  if (with_details && !data.choices.empty()) body.rows.emplace_back();
  if (!data.question.empty()) add(body, data.question, width, Style::text);
  for (std::size_t i = 0; i < data.choices.size(); ++i) {
    const bool selected = static_cast<int>(i) == data.selected;
    if (selected) body.selected = static_cast<int>(body.rows.size());
    body.rows.push_back(choice_row(data.choices[i], static_cast<int>(i) + 1, selected, width, glyphs));
  }
  return body;
}

}  // namespace

void draw_dialog(Canvas& canvas, const Rect& area, const DialogData& data, const GlyphSet& glyphs) {
  Spans title;
  if (data.is_error) title.push_back({std::string(glyphs.failed) + " ", Style::error});
  title.push_back({data.title, data.is_error ? Style::error : Style::title});
  if (!data.code.empty()) title.push_back({"   " + data.code, Style::dim});
  const int width = std::min(kWidth, area.width >= 60 ? area.width - 4 : area.width);
  Body body = body_of(data, width, true, glyphs);
  if (static_cast<int>(body.rows.size()) + 2 > area.height) body = body_of(data, width, false, glyphs);
  const auto count = static_cast<int>(body.rows.size());
  const Rect inside = draw_overlay(canvas, area, {count + 1, width}, title, glyphs);
  const int visible = std::max(inside.height - 1, 1), end = inside.col + inside.width;
  const int first = scroll_to(0, std::max(body.selected, 0), visible, count);
  for (int i = 0; i < std::min(visible, count - first); ++i)
    canvas.put({inside.row + i, inside.col}, body.rows[static_cast<std::size_t>(first + i)].spans, end);
  if (inside.height > 1)
    canvas.put({inside.row + inside.height - 1, inside.col}, fit(data.hints, inside.width, glyphs.ellipsis),
               Style::dim, end);
  canvas.hide_cursor();
}

}  // namespace glim::ui
