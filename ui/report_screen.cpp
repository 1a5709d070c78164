#include "ui/report_screen.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "ui/layout.h"

namespace glim::ui {
namespace {

constexpr int kWide = 110, kPlotRows = 12;

Line rule_line(const std::string& title, int width, const GlyphSet& g) {
  std::string rest;
  const int used = 4 + display_width(title) + (title.empty() ? -2 : 0);
  for (int i = used; i < width; ++i) rest += g.horizontal;
  const std::string two = std::string(g.horizontal) + std::string(g.horizontal);
  if (title.empty()) return {{{two + rest, Style::rule}}};
  return {{{two + " ", Style::rule}, {title, Style::title}, {" " + rest, Style::rule}}};
}

void add(std::vector<Line>& out, std::vector<Line> more) {
  for (Line& line : more) out.push_back(std::move(line));
}

void add_text(std::vector<Line>& out, const std::string& text, int width, Ink ink) {
  add(out, wrap(Spans{{text, ink}},
                {.width = width, .first = {{" ", Style::text}}, .rest = {{"   ", Style::text}}}));
}

/// Two columns of lines with a line between them.
std::vector<Line> side_by_side(const std::vector<Line>& left, const std::vector<Line>& right, int left_width,
                               const GlyphSet& g) {
  std::vector<Line> out;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    Line line = i < left.size() ? left[i] : Line{};
    const int missing = left_width - display_width(line.spans);
    if (missing > 0) line.spans.push_back({std::string(static_cast<std::size_t>(missing), ' '), Style::text});
    line.spans.push_back({std::string(g.vertical), Style::rule});
    if (i < right.size()) line.spans.insert(line.spans.end(), right[i].spans.begin(), right[i].spans.end());
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<Line> plot_part(const ReportScreen& screen, int width) {
  if (!screen.plot.points.empty()) return plot_lines(screen.plot, width - 2, kPlotRows, *screen.glyphs);
  std::vector<Line> out;
  if (!screen.plot_missing.empty()) add_text(out, screen.plot_missing, width, Style::dim);
  return out;
}

void add_plot_and_memory(std::vector<Line>& out, const ReportScreen& screen, int width) {
  const GlyphSet& g = *screen.glyphs;
  const bool memory = !screen.memory.empty(), plot = !plot_part(screen, width).empty();
  if (width >= kWide && memory && plot) {
    const int left = width / 2, right = width - left - 1;
    std::vector<Line> a = plot_part(screen, left), b = table_lines(screen.memory, right - 1, g);
    a.insert(a.begin(), rule_line(screen.plot_title, left, g));
    b.insert(b.begin(), rule_line(screen.memory.title, right, g));
    add(out, side_by_side(a, b, left, g));
    out.emplace_back();
    return;
  }
  if (plot) {
    out.push_back(rule_line(screen.plot_title, width, g));
    add(out, plot_part(screen, width));
    out.emplace_back();
  }
  if (memory) {
    out.push_back(rule_line(screen.memory.title, width, g));
    add(out, table_lines(screen.memory, width, g));
    out.emplace_back();
  }
}

/// Everything above the table of differences.
std::vector<Line> lines_before_differences(const ReportScreen& screen, int width) {
  std::vector<Line> out;
  for (const std::string& warning : screen.warnings) add_text(out, warning, width, Style::status_warn);
  Line title = {{{" ", Style::text}, {screen.scorecard.title, Style::heading}}};
  const int room = width - display_width(title.spans) - display_width(screen.scorecard.detail) - 2;
  if (room > 2) {
    title.spans.push_back({std::string(static_cast<std::size_t>(room), ' '), Style::text});
    title.spans.push_back({screen.scorecard.detail, Style::dim});
  }
  out.push_back(std::move(title));
  add(out, table_lines(screen.scorecard, width, *screen.glyphs));
  out.emplace_back();
  add_plot_and_memory(out, screen, width);
  return out;
}

}  // namespace

std::vector<Line> report_lines(const ReportScreen& screen, int width) {
  const GlyphSet& g = *screen.glyphs;
  std::vector<Line> out = lines_before_differences(screen, width);
  if (!screen.differences.empty()) {
    out.push_back(rule_line(screen.differences.title, width, g));
    add(out, table_lines(screen.differences, width, g));
    out.emplace_back();
  }
  if (!screen.verdict.empty()) {
    out.push_back(rule_line("verdict", width, g));
    for (const std::string& line : screen.verdict) add_text(out, line, width, Style::text);
  }
  return out;
}

int selected_row(const ReportScreen& screen, int width) {
  if (screen.differences.empty() || screen.differences.selected < 0) return -1;
  return static_cast<int>(lines_before_differences(screen, width).size()) + 1 +
         selected_line(screen.differences);
}

int report_page_rows(Size size) {
  return std::max(size.rows - (size.rows >= 12 ? 5 : 2), 1);
}

void draw(Canvas& canvas, const ReportScreen& screen) {
  const GlyphSet& g = *screen.glyphs;
  const Size size = canvas.size();
  canvas.hide_cursor();
  if (size.rows < kSmallest.rows || size.cols < kSmallest.cols) {
    int row = 0;
    for (const Line& line : wrap(too_small_message(size), size.cols, Style::error))
      canvas.put({row++, 0}, line.spans, size.cols);
    return;
  }
  const Spans help = {{"F1", Style::key}, {" help", Style::dim}};
  std::vector<Spans> facts = {{{screen.title, Style::title}}};
  for (const std::string& fact : screen.facts) facts.push_back({{fact, Style::dim}});
  canvas.put_right({0, 0}, help, size.cols);
  canvas.put({0, 1}, fact_line(facts, size.cols - display_width(help) - 3, " " + std::string(g.dot) + " "),
             size.cols);
  int top = 1;
  if (size.rows >= 12) draw_rule(canvas, {top++, 0, 1, size.cols}, g);
  const std::vector<Line> lines = report_lines(screen, size.cols);
  const int visible = report_page_rows(size), count = static_cast<int>(lines.size());
  const int first = std::clamp(screen.first, 0, std::max(count - visible, 0));
  for (int i = 0; i < std::min(visible, count - first); ++i)
    canvas.put({top + i, 0}, lines[static_cast<std::size_t>(first + i)].spans, size.cols);
  int row = top + visible;
  if (size.rows >= 12) {
    const int below = count - first - visible;
    Spans more;
    if (below > 0) more = {{std::string(g.down) + strf(" %d rows below", below), Style::dim}};
    draw_rule(canvas, {row++, 0, 1, size.cols}, g, {}, more);
    canvas.put({row++, 0}, fit(screen.message, size.cols, g.ellipsis),
               screen.message_is_error ? Style::status_bad : Style::notice, size.cols);
  }
  canvas.put({row, 0}, hint_line(screen.hints, size.cols), size.cols);
  draw_overlays(canvas, {1, 0, size.rows - 2, size.cols}, screen, g);
}

}  // namespace glim::ui
