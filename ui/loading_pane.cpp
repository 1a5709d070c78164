#include "ui/loading_pane.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr int kNameWidth = 22, kTimeWidth = 9, kMeter = 24;

std::string_view sign_of(StageState state, const GlyphSet& g) {
  switch (state) {
    case StageState::waiting:
      return " ";
    case StageState::running:
      return g.generating;
    case StageState::done:
      return g.check;
    case StageState::failed:
      return g.failed;
  }
  return " ";
}

Spans bar(double fraction, int width, const GlyphSet& glyphs) {
  return {{meter(fraction, width, glyphs), Style::meter}, {"  " + percent(fraction), Style::text}};
}

Line stage_row(const LoadingStage& stage, int width, const GlyphSet& glyphs) {
  Line line;
  const bool waiting = stage.state == StageState::waiting;
  const Ink ink = waiting ? Style::dim : Style::text;
  const Ink sign = stage.state == StageState::failed ? Style::error : Style::accent;
  line.spans.push_back({"   " + std::string(sign_of(stage.state, glyphs)) + " ", sign});
  line.spans.push_back({pad(fit(stage.name, kNameWidth - 1, glyphs.ellipsis), kNameWidth), ink});
  const std::string time = stage.seconds ? strf("%.2f s", *stage.seconds) : std::string(glyphs.unknown);
  line.spans.push_back({pad(time, kTimeWidth), ink});
  const int room = width - 5 - kNameWidth - kTimeWidth;
  if (stage.state == StageState::running && stage.fraction && room >= 12) {
    const Spans progress = bar(*stage.fraction, std::min(room - 7, kMeter), glyphs);
    line.spans.insert(line.spans.end(), progress.begin(), progress.end());
  } else {
    line.spans.push_back({fit(stage.note, std::max(room, 0), glyphs.ellipsis), Style::dim});
  }
  return line;
}

std::vector<Line> rows_of(const LoadingData& data, int width, const GlyphSet& glyphs) {
  std::vector<Line> rows;
  Spans title = {{"  " + data.model, Style::title}};
  if (data.bytes > 0) title.push_back({"   " + bytes_long(data.bytes), Style::text});
  if (!data.target.empty())
    title.push_back({"   " + std::string(glyphs.right) + "  " + data.target, Style::dim});
  rows.push_back({std::move(title), 0});
  rows.emplace_back();
  for (const LoadingStage& stage : data.stages) {
    rows.push_back(stage_row(stage, width, glyphs));
    if (stage.state != StageState::running) continue;
    for (const std::string& detail : stage.details)
      rows.push_back({{{"        " + fit(detail, std::max(width - 8, 0), glyphs.ellipsis), Style::dim}}, 0});
  }
  rows.emplace_back();
  Line total;
  total.spans = {{"     " + pad("total", kNameWidth) + pad(strf("%.1f s", data.total_seconds), kTimeWidth),
                  Style::text}};
  if (data.total_fraction) {
    const int room = width - 5 - kNameWidth - kTimeWidth - 7;
    const Spans progress = bar(*data.total_fraction, std::clamp(room, 4, kMeter), glyphs);
    total.spans.insert(total.spans.end(), progress.begin(), progress.end());
  }
  rows.push_back(std::move(total));
  if (data.last_time_seconds)
    rows.push_back(
        {{{std::string(5 + kNameWidth + kTimeWidth, ' ') + strf("last time %.1f s", *data.last_time_seconds),
           Style::dim}},
         0});
  return rows;
}

/// Where there is no room for the list: what runs, and how far everything is.
void draw_short(Canvas& canvas, const Rect& area, const LoadingData& data, const GlyphSet& glyphs) {
  std::string text = std::string(glyphs.loading) + " loading " + data.model;
  if (data.total_fraction) text += " " + percent(*data.total_fraction);
  const int end = area.col + area.width;
  canvas.put({area.row, area.col}, fit(text, area.width, glyphs.ellipsis), Style::text, end);
  for (const LoadingStage& stage : data.stages)
    if (stage.state == StageState::running && area.height > 1)
      canvas.put({area.row + 1, area.col}, fit(stage.name, area.width, glyphs.ellipsis), Style::dim, end);
}

}  // namespace

void draw_loading(Canvas& canvas, const Rect& area, const LoadingData& data, const GlyphSet& glyphs) {
  if (area.empty()) return;
  canvas.fill(area, Style::text);
  const std::vector<Line> rows = rows_of(data, area.width, glyphs);
  const auto count = static_cast<int>(rows.size());
  if (count > area.height || area.width < 60) return draw_short(canvas, area, data, glyphs);
  const int top = area.row + (count + 1 < area.height ? 1 : 0);
  for (int i = 0; i < count; ++i)
    canvas.put({top + i, area.col}, rows[static_cast<std::size_t>(i)].spans, area.col + area.width);
}

}  // namespace glim::ui
