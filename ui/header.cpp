#include "ui/header.h"

#include <algorithm>

#include "ui/text_layout.h"

namespace glim::ui {
namespace {

Spans model_spans(const HeaderData& data, const std::string& model, const GlyphSet& glyphs) {
  Spans out;
  if (!data.profile.empty()) out.push_back({data.profile, Style::title});
  if (!data.profile.empty() && !model.empty())
    out.push_back({" " + std::string(glyphs.folded) + " ", Style::dim});
  if (!model.empty()) out.push_back({model, data.profile.empty() ? Style::title : Style::text});
  return out;
}

}  // namespace

void draw_header(Canvas& canvas, const Rect& area, const HeaderData& data, const GlyphSet& glyphs) {
  if (area.empty()) return;
  const int end = area.col + area.width, from = area.col + 1;
  const Spans help = {{"  ", Style::text}, {"F1", Style::key}, {" help", Style::dim}};
  const Spans model = model_spans(data, data.model, glyphs);
  Spans right = model;
  const int title_width = std::min(display_width(data.title), area.width / 3);
  const auto fits = [&](const Spans& more, int left) {
    return display_width(right) + display_width(more) + left + 3 <= area.width;
  };
  const Spans backend = {{"  " + data.backend, Style::dim}};
  const bool help_shown = fits(help, 0);
  const int help_width = help_shown ? display_width(help) : 0;
  if (!data.backend.empty() && fits(backend, help_width + title_width)) right.push_back(backend[0]);
  if (help_shown) right.insert(right.end(), help.begin(), help.end());
  if (!canvas.put_right({area.row, from}, right, end)) {
    canvas.put({area.row, from}, model, end);
    return;
  }
  const int room = area.width - display_width(right) - 3;
  canvas.put({area.row, from}, fit(data.title, std::max(room, 0), glyphs.ellipsis), Style::title, end);
}

void draw_tiny_header(Canvas& canvas, const Rect& area, const HeaderData& data, const Spans& right,
                      const GlyphSet& glyphs) {
  if (area.empty()) return;
  const int end = area.col + area.width;
  canvas.put_right({area.row, area.col}, right, end);
  const Spans model = model_spans(data, data.model_short.empty() ? data.model : data.model_short, glyphs);
  canvas.put({area.row, area.col}, model, std::max(end - display_width(right) - 1, area.col));
}

Spans hint_line(const std::vector<Hint>& hints, int width) {
  Spans out;
  int used = 0;
  for (const Hint& hint : hints) {
    const int needed = display_width(hint.key) + 1 + display_width(hint.label) + (out.empty() ? 0 : 2);
    if (used + needed > width) break;
    if (!out.empty()) out.push_back({"  ", Style::dim});
    out.push_back({hint.key, Style::key});
    out.push_back({" " + hint.label, Style::dim});
    used += needed;
  }
  return out;
}

Spans fact_line(const std::vector<Spans>& facts, int width, std::string_view separator) {
  Spans out;
  int used = 0;
  for (const Spans& fact : facts) {
    if (fact.empty()) continue;
    const int needed = display_width(fact) + (out.empty() ? 0 : display_width(separator));
    if (used + needed > width) break;
    if (!out.empty()) out.push_back({std::string(separator), Style::dim});
    out.insert(out.end(), fact.begin(), fact.end());
    used += needed;
  }
  return out;
}

void draw_rule(Canvas& canvas, const Rect& area, const GlyphSet& glyphs, const Spans& left,
               const Spans& right) {
  if (area.empty()) return;
  constexpr int kInset = 2;
  const int end = area.col + area.width;
  canvas.horizontal_line({area.row, area.col}, area.width, Style::rule, glyphs.horizontal);
  const auto put = [&](int col, const Spans& text, int limit) {
    col = canvas.put({area.row, col}, " ", Style::rule, limit);
    col = canvas.put({area.row, col}, text, limit);
    return canvas.put({area.row, col}, " ", Style::rule, limit);
  };
  int used = area.col;
  if (!left.empty()) used = put(area.col + kInset, left, end);
  const int start = end - kInset - display_width(right) - 2;
  if (!right.empty() && start > used + 1) put(start, right, end);
}

}  // namespace glim::ui
