#include "ui/compare_screen.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr int kBlockRows = 30, kTallRows = 44, kLineRows = 20, kTallWidth = 46;

int count_of(const CompareScreen& screen) {
  return static_cast<int>(screen.panes.size());
}

std::string letter_of(int index) {
  return std::string(1, static_cast<char>('A' + index));
}

const ComparePaneData& pane_of(const CompareScreen& screen, int index) {
  return screen.panes[static_cast<std::size_t>(index)];
}

MetricsSize metrics_for(const CompareScreen& screen, Size size, int pane_width) {
  if (!screen.metrics_shown || screen.blind || size.rows < 12) return MetricsSize::none;
  if (size.rows < kLineRows || size.cols < 60) return MetricsSize::line;
  if (size.rows < kBlockRows) return MetricsSize::two_lines;
  return size.rows >= kTallRows && pane_width >= kTallWidth ? MetricsSize::tall : MetricsSize::block;
}

/// Takes rows from both ends of the screen.
class Stack {
 public:
  explicit Stack(Size size) : bottom_(size.rows), cols_(size.cols) {}
  Rect top(int rows) { return {std::exchange(top_, top_ + rows), 0, rows, cols_}; }
  Rect bottom(int rows) { return {bottom_ -= rows, 0, rows, cols_}; }
  Rect rest() const { return {top_, 0, bottom_ - top_, cols_}; }

 private:
  int top_ = 0, bottom_, cols_;
};

int summary_rows(const CompareScreen& screen, const CompareLayout& layout, Size size) {
  const int others = count_of(screen) - 1;
  if (!layout.carousel || screen.zoomed || screen.blind || others <= 0) return 0;
  return layout.tiny ? 1 : std::min(others, std::max(size.rows / 8, 1));
}

/// Everything below the text, from the last row up.
void place_bottom(const CompareScreen& screen, Size size, CompareLayout& out, Stack& stack) {
  const bool tall = size.rows >= kLineRows && !out.compact;
  if (size.rows >= 12 && !out.compact) out.hints = stack.bottom(1);
  out.status = stack.bottom(tall && size.cols >= 80 ? 2 : 1);
  if (tall) out.status_rule = stack.bottom(1);
  const int most = std::max(size.rows / 3, 1), least = size.rows >= kBlockRows && !out.compact ? 2 : 1;
  out.input = stack.bottom(std::clamp(input_rows(screen.input, size.cols), least, std::max(most, least)));
  out.middle_rule = stack.bottom(1);
  if (out.tiny) {
    if (screen.blind) out.split = stack.bottom(1);
    return;
  }
  if (screen.blind) {
    out.standing = stack.bottom(1);
    out.split = stack.bottom(1);
  } else if (size.rows >= kBlockRows) {
    out.standing = stack.bottom(1);
    out.split = stack.bottom(1);
  }
}

std::vector<Rect> columns_of(const CompareLayout& layout, const Rect& area) {
  return split_columns(area, static_cast<int>(layout.shown.size()));
}

Spans split_spans(const SplitData& split, const GlyphSet& g) {
  Spans out;
  if (!split.pane.empty()) out.push_back({split.pane + ": ", Style::title});
  if (!split.token && (!split.reference.empty() || !split.other.empty())) {
    out.push_back({"\"" + split.reference + "\"/\"" + split.other + "\"", Style::accent});
    return out;
  }
  if (!split.token) {
    out.push_back({split.note.empty() ? "none" : split.note, Style::dim});
    return out;
  }
  out.push_back({strf("tok %lld ", static_cast<long long>(*split.token)), Style::text});
  out.push_back({"\"" + split.reference + "\"/\"" + split.other + "\"", Style::accent});
  if (split.reference_chance && split.other_chance)
    out.push_back({" p " + chance(*split.reference_chance) + "/" + chance(*split.other_chance), Style::text});
  if (!split.note.empty()) out.push_back({" " + std::string(g.dot) + " " + split.note, Style::dim});
  return out;
}

void draw_split(Canvas& canvas, const Rect& area, const CompareScreen& screen) {
  const GlyphSet& g = *screen.glyphs;
  if (screen.blind) return draw_rule(canvas, area, g, {{"which answer is better?", Style::title}});
  Spans hints = hint_line(screen.split_hints, area.width / 3);
  std::vector<Spans> facts;
  for (const SplitData& split : screen.splits) facts.push_back(split_spans(split, g));
  Spans left;
  if (!facts.empty()) {
    left.push_back({screen.split_title + "  ", Style::dim});
    const int hint_room = hints.empty() ? 0 : display_width(hints) + 5;
    Spans row = fact_line(facts, area.width - display_width(left) - 6 - hint_room, "   ");
    if (row.empty()) {  // the hints make room
      hints.clear();
      row = fact_line(facts, area.width - display_width(left) - 6, "   ");
    }
    if (row.empty()) row = facts[0];
    left.insert(left.end(), row.begin(), row.end());
  }
  draw_rule(canvas, area, g, left, left.empty() ? Spans{} : hints);
}

void draw_standing(Canvas& canvas, const Rect& area, const CompareScreen& screen) {
  if (area.empty()) return;
  std::vector<Spans> facts;
  if (screen.blind) {
    if (!screen.blind->said.empty()) facts.push_back({{screen.blind->said, Style::accent}});
    facts.push_back(hint_line(screen.blind->choices, area.width - 4));
  } else {
    if (!screen.set.empty()) facts.push_back({{"SET  ", Style::title}, {screen.set, Style::text}});
    for (const std::string& fact : screen.standing) facts.push_back({{fact, Style::text}});
  }
  const int indent = screen.blind ? 3 : 1;
  canvas.put({area.row, area.col + indent}, fact_line(facts, area.width - indent, "    "),
             area.col + area.width);
}

std::string blind_letter(const CompareScreen& screen, int index) {
  if (count_of(screen) == 2) return index == 0 ? " left " : " right ";
  return strf(" %d ", index + 1);
}

void draw_titles(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  if (layout.titles.empty()) return;
  const GlyphSet& g = *screen.glyphs;
  canvas.horizontal_line({layout.titles.row, 0}, layout.titles.width, Style::rule, g.horizontal);
  const std::vector<Rect> columns = columns_of(layout, layout.titles);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Rect& at = columns[i];
    const int index = layout.shown[i], end = at.col + at.width;
    const bool several = columns.size() > 1 || screen.panes.size() > 1;
    const std::string letter = screen.blind ? blind_letter(screen, index) : letter_of(index);
    const Spans title =
        pane_title(pane_of(screen, index), letter, several && index == screen.focused, at.width - 3, g);
    const int col = canvas.put({at.row, at.col + 1}, title, end);
    canvas.put({at.row, col}, " ", Style::rule, end);
    const TranscriptView* view = pane_of(screen, index).transcript;
    if (view != nullptr && !view->following() && view->rows_below() > 0)
      canvas.put_right({at.row, col + 1},
                       {{" " + std::string(g.down) + strf("%d ", view->rows_below()), Style::accent}}, end);
    if (i > 0) canvas.put({at.row, at.col - 1}, g.tee_down, Style::rule);
  }
}

void draw_hidden_text(Canvas& canvas, const Rect& area, const CompareScreen& screen) {
  const std::string text = strf("writing%s %d of %d complete", std::string(screen.glyphs->ellipsis).c_str(),
                                screen.blind->done, count_of(screen));
  canvas.put({area.row + std::min(1, area.height - 1), area.col + 1}, text, Style::dim,
             area.col + area.width);
}

void draw_panes(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  const GlyphSet& g = *screen.glyphs;
  for (std::size_t i = 0; i < layout.shown.size(); ++i) {
    const ComparePaneData& pane = pane_of(screen, layout.shown[i]);
    const Rect &text = layout.text[i], &metrics = layout.metrics[i];
    if (screen.blind && screen.blind->done < count_of(screen))
      draw_hidden_text(canvas, text, screen);
    else if (pane.transcript != nullptr)
      draw_transcript(canvas, text, *pane.transcript);
    if (!screen.blind) draw_metrics(canvas, metrics, pane, layout.metrics_size, g);
    if (i == 0) continue;
    for (const Rect& part : {text, metrics})
      for (int row = 0; row < part.height; ++row)
        canvas.put({part.row + row, part.col - 1}, g.vertical, Style::rule);
    for (const Rect& band : {layout.votes, layout.smoke})
      if (!band.empty()) canvas.put({band.row, text.col - 1}, g.vertical, Style::rule);
  }
}

void draw_smoke_tests(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  if (layout.smoke.empty()) return;
  const std::vector<Rect> columns = columns_of(layout, layout.smoke);
  for (std::size_t i = 0; i < columns.size(); ++i)
    draw_smoke(canvas, columns[i], pane_of(screen, layout.shown[i]).smoke, *screen.glyphs);
}

void draw_votes(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  if (layout.votes.empty() || !screen.votable) return;
  const GlyphSet& g = *screen.glyphs;
  const std::vector<Rect> columns = columns_of(layout, layout.votes);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Rect& at = columns[i];
    const int index = layout.shown[i], end = at.col + at.width;
    const bool voted = pane_of(screen, index).voted;
    const Spans box = {
        {"vote ", Style::dim},
        {strf("%d ", index + 1), Style::key},
        {std::string(voted ? g.marked_square : g.square), voted ? Style::accent : Style::text}};
    const int col = canvas.put({at.row, at.col + 1}, box, end);
    if (i + 1 < columns.size()) continue;
    canvas.put_right({at.row, col + 1},
                     {{"0", Style::key},
                      {" tie " + std::string(g.dot) + " ", Style::dim},
                      {"9", Style::key},
                      {" all bad ", Style::dim}},
                     end);
  }
}

void draw_summaries(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  const Rect& area = layout.summaries;
  if (area.empty()) return;
  const GlyphSet& g = *screen.glyphs;
  std::vector<int> others;
  for (int i = 1; i < count_of(screen); ++i) others.push_back((screen.focused + i) % count_of(screen));
  const auto summary = [&](int index, int width) {
    return pane_summary(pane_of(screen, index), static_cast<char>('A' + index), width, g);
  };
  if (area.height >= static_cast<int>(others.size())) {
    for (std::size_t i = 0; i < others.size(); ++i)
      canvas.put({area.row + static_cast<int>(i), area.col + 1}, summary(others[i], area.width - 2),
                 area.col + area.width);
    return;
  }
  // One row for all: as much of each as there is room for.
  const int each = (area.width - 1) / static_cast<int>(others.size()) - 1;
  int col = area.col;
  for (const int index : others) {
    canvas.put({area.row, col}, summary(index, each), col + each);
    col += each + 1;
  }
}

void draw_wide_header(Canvas& canvas, const Rect& area, const CompareScreen& screen) {
  const GlyphSet& g = *screen.glyphs;
  const int end = area.col + area.width;
  const Spans help = {{"F1", Style::key}, {" help", Style::dim}};
  canvas.put_right({area.row, area.col}, help, end);
  std::vector<Spans> facts = {{{"compare", Style::title}}};
  if (screen.blind) {
    facts.push_back({{"blind", Style::accent}});
    facts.push_back({{screen.blind->progress, Style::text}});
    if (screen.blind->progress.empty()) facts.pop_back();
    facts.push_back({{"names and speeds hidden", Style::dim}});
  } else {
    const int room = std::max(area.width / 2, 10);
    facts.push_back({{fit(screen.names, room, g.ellipsis), Style::text}});
    for (const std::string& fact : screen.facts) facts.push_back({{fact, Style::dim}});
  }
  const int room = area.width - 1 - display_width(help) - 2;
  canvas.put({area.row, area.col + 1}, fact_line(facts, room, "  "), end);
}

void draw_narrow_header(Canvas& canvas, const Rect& area, const CompareScreen& screen) {
  const GlyphSet& g = *screen.glyphs;
  HeaderData header;
  Spans right;
  if (screen.blind) {
    header.profile = blind_letter(screen, screen.focused);
    header.profile.erase(0, 1), header.profile.pop_back();
    right = {{"blind", Style::accent}};
  } else if (!screen.panes.empty()) {
    const ComparePaneData& pane = pane_of(screen, screen.focused);
    header.profile = letter_of(screen.focused);
    header.model = pane.title;
    StatusData speed;
    speed.state = pane.state;
    speed.gen_rate = pane.cost.gen_rate;
    speed.gen_pending = pane.cost.gen_pending;
    right = tiny_speed(speed, g);
  }
  draw_tiny_header(canvas, area, header, right, g);
}

void draw_bottom(Canvas& canvas, const CompareScreen& screen, const CompareLayout& layout) {
  const GlyphSet& g = *screen.glyphs;
  draw_rule(canvas, layout.status_rule, g);
  const int width = layout.status.width, row = layout.status.row;
  std::vector<std::string> words = screen.blind ? screen.blind->notes : screen.status;
  if (!screen.message.empty()) {
    canvas.put({row, 0}, fit(screen.message, width, g.ellipsis),
               screen.message_is_error ? Style::status_bad : Style::notice, width);
  } else if (screen.blind) {
    for (int i = 0; i < std::min(layout.status.height, static_cast<int>(words.size())); ++i)
      canvas.put({row + i, 0}, fit(words[static_cast<std::size_t>(i)], width, g.ellipsis), Style::dim, width);
  } else {
    StatusData state;
    state.state = screen.state;
    Spans sign = status_line(state, width, g);
    const int col = canvas.put({row, 0}, sign, width) + 1;
    std::vector<Spans> facts;
    for (const std::string& word : words) facts.push_back({{word, Style::status}});
    const int after =
        canvas.put({row, col}, fact_line(facts, width - col, " " + std::string(g.dot) + " "), width);
    if (layout.hints.empty()) canvas.put({row, after + 2}, hint_line(screen.hints, width - after - 2), width);
  }
  if (layout.status.height > 1 && !screen.blind)
    canvas.put({row + 1, 0}, memory_line(screen.memory, width, g), width);
  canvas.put({layout.hints.row, 0}, hint_line(screen.hints, layout.hints.width), layout.hints.width);
}

}  // namespace

CompareLayout layout_of(const CompareScreen& screen, Size size) {
  CompareLayout out;
  if (size.rows < kSmallest.rows || size.cols < kSmallest.cols) {
    out.too_small = true;
    return out;
  }
  const int count = count_of(screen);
  out.compact = size.cols < 60;
  out.tiny = size.rows < 12 || out.compact;
  out.carousel = screen.zoomed || count * kNarrowestPane + count - 1 > size.cols || out.tiny;
  for (int i = 0; i < count; ++i)
    if (!out.carousel || i == screen.focused) out.shown.push_back(i);
  const int shown = std::max(static_cast<int>(out.shown.size()), 1);
  out.metrics_size = metrics_for(screen, size, (size.cols - shown + 1) / shown);
  Stack stack(size);
  out.header = stack.top(1);
  if (!out.tiny) out.titles = stack.top(1);
  place_bottom(screen, size, out, stack);
  const int wanted = metrics_rows(out.metrics_size);
  Rect metrics;
  if (size.rows >= kBlockRows && !out.tiny) {
    out.summaries = stack.bottom(summary_rows(screen, out, size));
    const bool smoke = std::any_of(screen.panes.begin(), screen.panes.end(),
                                   [](const ComparePaneData& pane) { return !pane.smoke.items.empty(); });
    if (!screen.blind && smoke) out.smoke = stack.bottom(1);
    if (!screen.blind) out.votes = stack.bottom(1);
    metrics = stack.bottom(wanted);
  } else {
    metrics = stack.bottom(wanted);
    out.summaries = stack.bottom(summary_rows(screen, out, size));
    if (!out.tiny && !screen.blind) out.split = stack.bottom(1);
  }
  out.text = columns_of(out, stack.rest());
  out.metrics = columns_of(out, metrics);
  return out;
}

TranscriptOptions transcript_options(const CompareScreen& screen, Size size, int index) {
  const CompareLayout layout = layout_of(screen, size);
  const auto it = std::find(layout.shown.begin(), layout.shown.end(), index);
  const std::size_t place =
      it == layout.shown.end() ? 0 : static_cast<std::size_t>(it - layout.shown.begin());
  const Rect area = layout.text.empty() ? Rect{} : layout.text[place];
  return {.width = area.width,
          .height = area.height,
          .glyphs = screen.glyphs,
          .compact = layout.compact,
          .margin = 1};
}

std::optional<int> pane_at(const CompareScreen& screen, Size size, Point cell) {
  const CompareLayout layout = layout_of(screen, size);
  const auto inside = [&](const Rect& area) {
    return cell.row >= area.row && cell.row < area.row + area.height && cell.col >= area.col &&
           cell.col < area.col + area.width;
  };
  for (std::size_t i = 0; i < layout.shown.size(); ++i) {
    const Rect &text = layout.text[i], &metrics = layout.metrics[i];
    const Rect title = {layout.titles.row, text.col, layout.titles.height, text.width};
    if (inside(text) || inside(metrics) || inside(title)) return layout.shown[i];
  }
  return std::nullopt;
}

void draw(Canvas& canvas, const CompareScreen& screen) {
  const CompareLayout layout = layout_of(screen, canvas.size());
  const GlyphSet& g = *screen.glyphs;
  canvas.hide_cursor();
  if (layout.too_small) {
    int row = 0;
    for (const Line& line : wrap(too_small_message(canvas.size()), canvas.cols(), Style::error))
      canvas.put({row++, 0}, line.spans, canvas.cols());
    return;
  }
  if (layout.tiny)
    draw_narrow_header(canvas, layout.header, screen);
  else
    draw_wide_header(canvas, layout.header, screen);
  draw_titles(canvas, screen, layout);
  draw_panes(canvas, screen, layout);
  draw_votes(canvas, screen, layout);
  draw_smoke_tests(canvas, screen, layout);
  draw_summaries(canvas, screen, layout);
  draw_split(canvas, layout.split, screen);
  draw_standing(canvas, layout.standing, screen);
  draw_rule(canvas, layout.middle_rule, g);
  draw_input(canvas, layout.input, screen.input, g);
  const int top = layout.titles.empty() ? 1 : layout.titles.row;
  draw_completions(canvas, {top, 0, layout.middle_rule.row - top, canvas.cols()}, screen.input, g);
  draw_bottom(canvas, screen, layout);
  draw_overlays(canvas, {top, 0, layout.status.row - top, canvas.cols()}, screen, g);
}

}  // namespace glim::ui
