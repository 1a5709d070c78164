#include "ui/markdown.h"

#include <algorithm>

#include "engine/base/text.h"
#include "ui/markdown_inline.h"
#include "ui/markdown_table.h"

namespace glim::ui {
namespace {

constexpr std::size_t kLongestRow =
    16384;  // longer ones are cut, so that a row without end does not grow slow

std::string_view first_row(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

std::size_t leading(std::string_view text, char c) {
  const std::size_t n = text.find_first_not_of(c);
  return n == std::string_view::npos ? text.size() : n;
}

bool is_blank(std::string_view row) {
  return leading(row, ' ') == row.size();
}

std::string blanks(std::size_t n) {
  return std::string(n, ' ');
}

/// Three or more of one of - * _ and nothing else but blanks.
bool is_rule(std::string_view row) {
  std::size_t signs = 0;
  const char sign = row[leading(row, ' ')];
  if (sign != '-' && sign != '*' && sign != '_') return false;
  for (const char c : row) {
    if (c != sign && c != ' ') return false;
    signs += c == sign;
  }
  return signs >= 3;
}

/// Bytes of "- ", "* ", "+ ", "12. " or "3) " at the start, or 0.
std::size_t bullet_length(std::string_view body) {
  if (body.size() >= 2 && (body[0] == '-' || body[0] == '*' || body[0] == '+') && body[1] == ' ') return 2;
  std::size_t digits = 0;
  while (digits < body.size() && digits < 9 && body[digits] >= '0' && body[digits] <= '9') ++digits;
  if (digits == 0 || digits + 1 >= body.size()) return 0;
  return (body[digits] == '.' || body[digits] == ')') && body[digits + 1] == ' ' ? digits + 2 : 0;
}

/// Breaks anywhere: blanks of code mean something.
std::vector<Line> wrap_code(const Spans& row, std::size_t source, int width) {
  std::vector<Line> out = {{{}, source}};
  int used = 0;
  for (const Span& span : row) {
    bool begins = true;
    for (ShapeReader reader(span.text); !reader.done();) {
      const std::size_t at = span.source + (span.added ? 0 : reader.offset());
      const Shape& shape = reader.next();
      if (used + shape.width > width && used > 0) {
        out.push_back({{}, at});
        used = 0;
        begins = true;
      }
      if (std::exchange(begins, false)) out.back().spans.push_back({"", span.ink, at, span.added});
      out.back().spans.back().text += shape.text;
      used += shape.width;
    }
  }
  return out;
}

/// The first row of `text`: what it says, the bytes it takes with its newline, and whether it is complete.
struct Row {
  std::string_view text;
  std::size_t length;
  bool complete;
};

Row next_row(std::string_view text) {
  const std::string_view row = first_row(text);
  if (row.size() <= kLongestRow)
    return {row, std::min(row.size() + 1, text.size()), row.size() < text.size()};
  const std::size_t blank = row.rfind(' ', kLongestRow);
  std::size_t cut = blank == std::string_view::npos || blank < kLongestRow / 2 ? kLongestRow : blank + 1;
  while ((static_cast<unsigned char>(row[cut]) & 0xc0) == 0x80) --cut;
  return {row.substr(0, cut), cut, true};
}

bool has_bar(std::string_view row) {
  return row.find('|') != std::string_view::npos;
}

/// Whether the row, which may not be complete, can be the rule below the head of a table.
bool may_be_table_rule(const Row& row) {
  if (row.complete) return false;
  return row.text.find_first_not_of(" |:-") == std::string_view::npos;
}

}  // namespace

void MarkdownLayout::set_marks(std::shared_ptr<const TextMarks> marks) {
  static const TextMarks none;
  const TextMarks& before = marks_ ? *marks_ : none;
  const std::size_t same = same_until(before, marks ? *marks : none);
  marks_ = std::move(marks);
  if (same <= settled_.bytes) settled_ = {};
}

/// `text` stands for the bytes from `begin`.
Spans MarkdownLayout::marked(Spans text, std::size_t begin, std::size_t length) const {
  return marks_ ? with_marks(std::move(text), *marks_, begin, begin + length) : std::move(text);
}

void MarkdownLayout::update(std::string_view text, bool finished) {
  now_ = settled_;
  lines_.resize(now_.lines);
  links_.resize(now_.links);
  mark_wanted_ = !finished;
  bool settled = true;
  while (now_.bytes < text.size()) {
    settled = take_block(text.substr(now_.bytes)) && settled;
    now_.lines = lines_.size();
    now_.links = links_.size();
    if (settled) settled_ = now_;
  }
  row_open_ = false;
  if (finished)
    finish(text.size());
  else if (mark_wanted_)
    show_mark(text.size());
}

/// Lays out what `rest` begins with and moves on behind it. False: more text could still change it.
bool MarkdownLayout::take_block(std::string_view rest) {
  const Row row = next_row(rest);
  bool settled = row.complete;
  row_open_ = !row.complete && mark_wanted_;
  if (now_.fence) {
    take_code(row.text);
  } else if (options_.plain) {
    Spans spans = {{std::string(row.text), options_.ink, now_.bytes}};
    add_rows(marked(std::move(spans), now_.bytes, row.text.size()), margin(), now_.bytes);
  } else if (has_bar(row.text)) {
    const Row below = next_row(rest.substr(row.length));
    const std::size_t columns = table_columns(below.text).size();
    if (row.complete && columns > 0 && columns == table_cells(row.text).size()) return take_table(rest);
    settled = settled && !may_be_table_rule(below);
    take_row(row.text);
  } else {
    take_row(row.text);
  }
  now_.bytes += row.length;
  return settled;
}

void MarkdownLayout::take_row(std::string_view row) {
  if (is_blank(row)) {
    if (!lines_.empty() && !now_.blank) now_.blank = now_.bytes;
    return;
  }
  if (take_fence(row)) return;
  if (is_rule(row)) return draw_rule();
  Prefix prefix = margin();
  const std::size_t indent =
      std::min(leading(row, ' '), static_cast<std::size_t>(std::max(inner_width() / 2, 0)));
  if (indent > 0) {
    prefix.first.push_back({blanks(indent), options_.ink});
    prefix.rest.push_back({blanks(indent), options_.ink});
  }
  std::string_view body = row.substr(leading(row, ' '));
  Ink ink = options_.ink;
  for (int depth = 0; depth < 6; ++depth) {
    if (body.starts_with('>') && ink.style == Style::text) ink.style = Style::quote;
    if (!strip_quote_or_bullet(body, prefix)) break;
  }
  const std::size_t hashes = leading(body, '#');
  if (hashes >= 1 && hashes <= 6 && (hashes == body.size() || body[hashes] == ' ')) {
    body.remove_prefix(hashes);
    body.remove_prefix(leading(body, ' '));
    ink = Ink(Style::heading, hashes <= 2 ? underline : 0);
  }
  const std::size_t source = now_.bytes + static_cast<std::size_t>(body.data() - row.data());
  add_rows(marked(parse_inline(body, source, ink, links_), now_.bytes, row.size()), prefix, now_.bytes);
}

bool MarkdownLayout::strip_quote_or_bullet(std::string_view& body, Prefix& prefix) const {
  const GlyphSet& g = *options_.glyphs;
  if (body.starts_with('>')) {
    const Span bar = {std::string(g.vertical) + " ", Style::rule};
    prefix.first.push_back(bar);
    prefix.rest.push_back(bar);
    body.remove_prefix(body.starts_with("> ") ? 2 : 1);
    return true;
  }
  const std::size_t length = bullet_length(body);
  if (length == 0) return false;
  const bool numbered = length > 2 || (body[0] >= '0' && body[0] <= '9');
  prefix.first.push_back(
      {numbered ? std::string(body.substr(0, length)) : std::string(g.bullet) + " ", options_.ink});
  prefix.rest.push_back({blanks(length), options_.ink});
  body.remove_prefix(length);
  return true;
}

bool MarkdownLayout::take_fence(std::string_view row) {
  const std::size_t indent = leading(row, ' ');
  const std::string_view body = row.substr(indent);
  const char mark = body[0];
  if (mark != '`' && mark != '~') return false;
  const std::size_t length = leading(body, mark);
  std::string_view info = body.substr(length);
  if (length < 3 || (mark == '`' && info.find('`') != std::string_view::npos)) return false;
  now_.fence = Fence{mark, length, static_cast<int>(std::min<std::size_t>(indent, 8))};
  info.remove_prefix(leading(info, ' '));
  open_frame(info.substr(0, info.find(' ')));
  return true;
}

void MarkdownLayout::take_code(std::string_view row) {
  const std::string_view body = row.substr(leading(row, ' '));
  const std::size_t marks = leading(body, now_.fence->mark);
  const bool only_marks = !body.empty() && marks > 0 && is_blank(body.substr(marks));
  if (only_marks && marks >= now_.fence->length) {
    close_frame(now_.bytes);
    now_.fence.reset();
  } else if (!(only_marks && row_open_)) {  // else it is probably about to close
    const std::size_t cut = std::min(leading(row, ' '), static_cast<std::size_t>(now_.fence->indent));
    Spans spans = {{std::string(row.substr(cut)), Style::code, now_.bytes + cut}};
    code_row(marked(std::move(spans), now_.bytes, row.size()), now_.bytes + cut);
  }
}

void MarkdownLayout::open_frame(std::string_view info) {
  lead_on_its_own();
  show_blank();
  if (!options_.frames) return;
  const GlyphSet& g = *options_.glyphs;
  const int width = inner_width() - now_.fence->indent;
  std::string name = info.empty() ? "" : " " + fit(info, std::max(width - 8, 1), g.ellipsis) + " ";
  std::string label = options_.code_label.empty() ? "" : " " + options_.code_label + " ";
  if (display_width(name) + display_width(label) + 4 > width) label.clear();
  const int line = std::max(width - 2 - display_width(name) - display_width(label), 0);
  std::string out = std::string(g.top_left) + name;
  for (int i = 0; i < line; ++i) out += g.horizontal;
  out += label + std::string(g.top_right);
  const auto before = static_cast<std::size_t>(options_.margin + now_.fence->indent);
  lines_.push_back({{{blanks(before), Style::text}, {std::move(out), Style::code_frame}}, now_.bytes});
}

void MarkdownLayout::close_frame(std::size_t source) {
  if (!options_.frames) return;
  const GlyphSet& g = *options_.glyphs;
  std::string out(g.bottom_left);
  for (int i = 0; i < inner_width() - now_.fence->indent - 2; ++i) out += g.horizontal;
  out += g.bottom_right;
  const auto before = static_cast<std::size_t>(options_.margin + now_.fence->indent);
  lines_.push_back({{{blanks(before), Style::text}, {std::move(out), Style::code_frame}}, source});
}

void MarkdownLayout::code_row(const Spans& row, std::size_t source) {
  const GlyphSet& g = *options_.glyphs;
  const int indent = now_.fence->indent;
  const int inside = std::max(inner_width() - indent - 4, 1);
  std::vector<Line> pieces = wrap_code(row, source, inside);
  const bool marked = row_open_ && mark_wanted_;
  if (marked) mark_wanted_ = false;
  for (Line& piece : pieces) {
    const bool last = &piece == &pieces.back();
    Line line{{}, piece.source};
    const auto before = static_cast<std::size_t>(options_.margin + indent + (options_.frames ? 0 : 2));
    line.spans.push_back({blanks(before), Style::text, piece.source});
    if (options_.frames)
      line.spans.push_back({std::string(g.vertical) + " ", Style::code_frame, piece.source});
    const int used = display_width(piece.spans) + (marked && last ? 1 : 0);
    line.spans.insert(line.spans.end(), piece.spans.begin(), piece.spans.end());
    if (marked && last) line.spans.push_back({std::string(g.full), Style::stream_mark, piece.source});
    // One more column than the text may take, so that the mark has its place behind a full row.
    const auto padding = static_cast<std::size_t>(std::max(inside + 1 - used, 0));
    if (options_.frames) line.spans.push_back({blanks(padding), Style::text, piece.source});
    if (options_.frames) line.spans.push_back({std::string(g.vertical), Style::code_frame, piece.source});
    lines_.push_back(std::move(line));
  }
}

bool MarkdownLayout::take_table(std::string_view rest) {
  lead_on_its_own();
  show_blank();
  Table table;
  std::size_t at = 0;
  const auto read_cells = [&](std::string_view row) {
    Table::Row out{{}, now_.bytes + at};
    for (const std::string_view cell : table_cells(row)) {
      const std::size_t begin = out.source + static_cast<std::size_t>(cell.data() - row.data());
      out.cells.push_back(marked(parse_inline(cell, begin, options_.ink, links_), begin, cell.size()));
    }
    return out;
  };
  Row row = next_row(rest);
  table.head = read_cells(row.text);
  at += row.length;
  row = next_row(rest.substr(at));
  table.columns = table_columns(row.text);
  table.rule_source = now_.bytes + at;
  at += row.length;
  bool ended = false;
  while (row.complete && at < rest.size()) {
    row = next_row(rest.substr(at));
    ended = row.complete && !has_bar(row.text);
    if (!has_bar(row.text)) break;
    table.rows.push_back(read_cells(row.text));
    at += row.length;
  }
  for (Line& line : lay_out_table(table, inner_width(), options_.frames, *options_.glyphs)) {
    const auto before = static_cast<std::size_t>(options_.margin);
    line.spans.insert(line.spans.begin(), Span{blanks(before), Style::text, line.source});
    lines_.push_back(std::move(line));
  }
  now_.bytes += at;
  return ended;
}

void MarkdownLayout::draw_rule() {
  lead_on_its_own();
  show_blank();
  std::string out;
  for (int i = 0; i < inner_width(); ++i) out += options_.glyphs->horizontal;
  const auto before = static_cast<std::size_t>(options_.margin);
  lines_.push_back({{{blanks(before), Style::text}, {std::move(out), Style::rule}}, now_.bytes});
}

void MarkdownLayout::finish(std::size_t size) {
  if (now_.fence) close_frame(size);
  lead_on_its_own();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (i == 0) lines_.push_back({{}, size});
    const Spans target = {{strf("[%zu] ", i + 1), Style::dim, size}, {links_[i], Style::dim, size}};
    add_rows(target, margin(), size);
  }
}

void MarkdownLayout::show_mark(std::size_t source) {
  if (now_.fence) {
    row_open_ = true;
    return code_row({}, source);
  }
  add_rows({{std::string(options_.glyphs->full), Style::stream_mark, source}}, margin(), source);
}

void MarkdownLayout::show_blank() {
  if (now_.blank) lines_.push_back({{}, *now_.blank});
  now_.blank.reset();
}

/// `source` is that of the first row, which begins before its text when there are bullets.
void MarkdownLayout::add_rows(Spans text, const Prefix& prefix, std::size_t source) {
  show_blank();
  if (row_open_ && mark_wanted_) {
    const bool has_end = !text.empty() && !text.back().added;
    const std::size_t end = has_end        ? text.back().source + text.back().text.size()
                            : text.empty() ? source
                                           : text.back().source;
    text.push_back({std::string(options_.glyphs->full), Style::stream_mark, end, true});
    mark_wanted_ = false;
  }
  std::vector<Line> rows = wrap(text, {.width = options_.width, .first = prefix.first, .rest = prefix.rest});
  rows[0].source = source;
  for (Line& row : rows) {
    row.source = std::max(row.source, source);
    lines_.push_back(std::move(row));
  }
}

void MarkdownLayout::lead_on_its_own() {
  if (now_.lead_done || options_.lead.empty()) return;
  now_.lead_done = true;
  lines_.push_back({options_.lead, now_.bytes});
}

MarkdownLayout::Prefix MarkdownLayout::margin() {
  Prefix out;
  const auto columns = static_cast<std::size_t>(std::max(options_.margin, 0));
  if (columns > 0) out.first = out.rest = {{blanks(columns), Style::text}};
  if (!std::exchange(now_.lead_done, true) && !options_.lead.empty()) out.first = options_.lead;
  return out;
}

}  // namespace glim::ui
