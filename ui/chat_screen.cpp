#include "ui/chat_screen.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

Spans follow_state(const ChatScreen& screen) {
  const GlyphSet& g = *screen.glyphs;
  Spans out;
  if (screen.queued > 0) out.push_back({strf("%d queued ", screen.queued), Style::accent});
  const std::string down = std::string(g.down) + " ";
  const TranscriptView* view = screen.transcript;
  if (view == nullptr || view->window().empty()) return out;
  if (!out.empty()) out.push_back({std::string(g.dot) + " ", Style::dim});
  if (view->following())
    out.push_back({down + "following", Style::dim});
  else if (view->new_rows() > 0)
    out.push_back({down + strf(view->new_rows() == 1 ? "%d new line " : "%d new lines ", view->new_rows()) +
                       std::string(g.dot) + " End to follow",
                   Style::accent});
  else
    out.push_back(
        {down + strf(view->rows_below() == 1 ? "%d line below " : "%d lines below ", view->rows_below()) +
             std::string(g.dot) + " End to follow",
         Style::dim});
  return out;
}

Spans rule_hints(const ChatScreen& screen) {
  Spans out;
  const std::string separator = " " + std::string(screen.glyphs->dot) + " ";
  for (const Hint& hint : screen.rule_hints) {
    if (!out.empty()) out.push_back({separator, Style::dim});
    out.push_back({hint.key, Style::key});
    out.push_back({" " + hint.label, Style::dim});
  }
  return out;
}

void draw_welcome(Canvas& canvas, const Rect& area, const std::vector<std::string>& paragraphs) {
  int row = area.row;
  for (const std::string& paragraph : paragraphs) {
    const WrapOptions options = {
        .width = area.width, .first = {{"  ", Style::dim}}, .rest = {{"  ", Style::dim}}};
    for (const Line& line : wrap(Spans{{paragraph, Style::dim}}, options))
      if (row < area.row + area.height) canvas.put({row++, area.col}, line.spans, area.col + area.width);
  }
}

void draw_bottom(Canvas& canvas, const ChatScreen& screen, const ChatLayout& layout) {
  const GlyphSet& g = *screen.glyphs;
  draw_rule(canvas, layout.status_rule, g);
  const int end = layout.status.col + layout.status.width;
  if (!layout.tiny) {
    draw_status(canvas, layout.status, screen.status, g);
    canvas.put({layout.hints.row, layout.hints.col}, hint_line(screen.hints, layout.hints.width), end);
    return;
  }
  const Spans fields = tiny_status(screen.status);
  const int col = canvas.put({layout.status.row, 0}, fields, end);
  canvas.put({layout.status.row, col + (col > 0 ? 3 : 0)}, hint_line(screen.hints, end - col - 3), end);
}

}  // namespace

ChatLayout layout_of(const ChatScreen& screen, Size size) {
  return chat_layout(size, input_rows(screen.input, size.cols));
}

TranscriptOptions transcript_options(const ChatScreen& screen, Size size) {
  const ChatLayout layout = layout_of(screen, size);
  return {.width = layout.transcript.width,
          .height = layout.transcript.height,
          .glyphs = screen.glyphs,
          .compact = layout.compact,
          .unfold_label = screen.unfold_label};
}

void draw(Canvas& canvas, const ChatScreen& screen) {
  const ChatLayout layout = layout_of(screen, canvas.size());
  const GlyphSet& g = *screen.glyphs;
  canvas.hide_cursor();
  if (layout.too_small) {
    int row = 0;
    for (const Line& line : wrap(too_small_message(canvas.size()), canvas.cols(), Style::error))
      canvas.put({row++, 0}, line.spans, canvas.cols());
    return;
  }
  if (layout.tiny)
    draw_tiny_header(canvas, layout.header, screen.header, tiny_speed(screen.status, g), g);
  else
    draw_header(canvas, layout.header, screen.header, g);
  draw_rule(canvas, layout.header_rule, g);
  if (screen.loading)
    draw_loading(canvas, layout.transcript, *screen.loading, g);
  else if (screen.transcript != nullptr && !screen.transcript->window().empty())
    draw_transcript(canvas, layout.transcript, *screen.transcript);
  else
    draw_welcome(canvas, layout.transcript, screen.welcome);
  draw_rule(canvas, layout.middle_rule, g, follow_state(screen), rule_hints(screen));
  draw_input(canvas, layout.input, screen.input, g);
  draw_completions(canvas, layout.transcript, screen.input, g);
  draw_bottom(canvas, screen, layout);
  const int top = layout.header_rule.empty() ? layout.header.height : layout.header_rule.row + 1;
  draw_overlays(canvas, {top, 0, layout.status.row - top, canvas.cols()}, screen, g);
}

}  // namespace glim::ui
