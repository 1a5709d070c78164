#include "ui/transcript_entry.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::ui {
namespace {

constexpr std::size_t kLongRows = 24, kRowsOfLong = 10;

struct RoleLook {
  Style name;
  Style text;
  bool has_title;  ///< a row with name and detail, or the name before the text in narrow terminals
};

RoleLook look_of(Role role) {
  switch (role) {
    case Role::user:
      return {Style::user, Style::text, true};
    case Role::assistant:
      return {Style::assistant, Style::text, true};
    case Role::system:
      return {Style::system, Style::dim, true};
    case Role::notice:
      return {Style::notice, Style::notice, false};
    case Role::error:
      return {Style::error, Style::error, false};
  }
  return {Style::text, Style::text, true};
}

Spans lead_of(const Message& message, const TranscriptOptions& options) {
  const RoleLook look = look_of(message.role);
  const GlyphSet& g = *options.glyphs;
  if (!look.has_title)
    return {{std::string(message.role == Role::error ? g.failed : g.dot) + " ", look.name}};
  if (options.compact && !message.name.empty()) return {{message.name + "> ", look.name}};
  return {};
}

}  // namespace

void TranscriptView::Entry::update(const Message& message, const TranscriptOptions& options, bool with_gap) {
  const bool other_look = options.width != options_.width || options.compact != options_.compact ||
                          options.margin != options_.margin || options.glyphs != options_.glyphs ||
                          options.code_label != options_.code_label ||
                          options.unfold_label != options_.unfold_label;
  // A text that became shorter breaks the contract of ids; starting over is the harmless answer.
  const bool restarted = !made_ || other_look || message.markdown != markdown_ || message.name != name_ ||
                         message.text.size() < text_size_ || message.thinking.size() < thinking_size_;
  if (restarted) restart(message, options);
  update_titles(message, options);
  update_body(message, restarted);
  own_[gap].clear();
  if (with_gap) own_[gap].emplace_back();
  rows_ = 0;
  for (int part = 0; part < kParts; ++part) rows_ += static_cast<int>(lines(part).size());
}

void TranscriptView::Entry::restart(const Message& message, const TranscriptOptions& options) {
  made_ = true;
  options_ = options;
  markdown_ = message.markdown;
  name_ = message.name;
  MarkdownOptions body = {.width = options.width - (options.compact ? 0 : options.margin),
                          .glyphs = options.glyphs,
                          .plain = message.role != Role::assistant || !message.markdown,
                          .frames = !options.compact,
                          .margin = options.compact ? 1 : options.margin,
                          .ink = look_of(message.role).text,
                          .code_label = options.code_label};
  MarkdownOptions thoughts = body;
  thoughts.plain = !message.markdown;
  thoughts.ink = Style::think;
  body.lead = lead_of(message, options);
  text_ = std::make_unique<MarkdownLayout>(std::move(body));
  thinking_ = std::make_unique<MarkdownLayout>(std::move(thoughts));
  marks_.reset();
}

void TranscriptView::Entry::update_titles(const Message& message, const TranscriptOptions& options) {
  const GlyphSet& g = *options.glyphs;
  const std::string separator = " " + std::string(g.dot) + " ";
  const RoleLook look = look_of(message.role);
  for (const Part part : {role, thinking_title, timing}) own_[part].clear();
  if (look.has_title && !options.compact && !message.name.empty()) {
    Spans spans = {{message.name, look.name}};
    if (!message.detail.empty()) spans.push_back({separator + message.detail, Style::dim});
    own_[role] = wrap(spans, {.width = options.width, .rest = {{"  ", Style::dim}}});
  }
  if (!message.thinking.empty() || message.thinking_now) {
    std::string title(message.thinking_shown ? g.unfolded : g.folded);
    title += message.thinking_now ? " thinking" : " thought";
    if (message.thinking_seconds > 0)
      title += (message.thinking_now ? " " : " for ") + duration_in_words(message.thinking_seconds);
    if (message.thinking_tokens > 0) title += separator + tokens_short(message.thinking_tokens) + " tok";
    Spans spans = {{std::move(title), Style::think_title}};
    if (message.thinking_now && !message.thinking_shown)
      spans.push_back({" " + std::string(g.full), Style::stream_mark});
    own_[thinking_title] = wrap(spans, {.width = options.width, .rest = {{"  ", Style::dim}}});
  }
  if (!message.timing.empty() && options.compact)
    own_[timing] = {{{{" " + fit(message.timing, options.width - 1, g.ellipsis), Style::timing}}, 0}};
  else if (!message.timing.empty()) {
    const Span margin = {std::string(static_cast<std::size_t>(options.margin), ' '), Style::timing};
    own_[timing] = wrap(Spans{{message.timing, Style::timing}},
                        {.width = options.width, .first = {margin}, .rest = {margin}});
  }
}

void TranscriptView::Entry::update_body(const Message& message, bool restarted) {
  const bool other_marks = message.marks != marks_;
  if (other_marks) text_->set_marks(marks_ = message.marks);
  const bool text_changed = restarted || other_marks || message.text.size() != text_size_ ||
                            message.streaming != streaming_ || message.thinking_now != thinking_now_;
  // While it thinks there is no answer yet; the mark stands at the thoughts.
  text_shown_ = !message.thinking_now || !message.text.empty();
  if (text_changed && text_shown_) text_->update(message.text, !message.streaming);
  cut_text(message.folded);
  const bool thinking_changed = restarted || message.thinking.size() != thinking_size_ ||
                                message.thinking_now != thinking_now_ ||
                                message.thinking_shown != thinking_shown_;
  if (thinking_changed && message.thinking_shown) thinking_->update(message.thinking, !message.thinking_now);
  text_size_ = message.text.size();
  thinking_size_ = message.thinking.size();
  streaming_ = message.streaming;
  thinking_now_ = message.thinking_now;
  thinking_shown_ = message.thinking_shown;
}

void TranscriptView::Entry::cut_text(bool folded) {
  const std::vector<Line>& whole = text_->lines();
  cut_ = folded && whole.size() > kLongRows;
  std::vector<Line>& rows = own_[text];
  rows.clear();
  if (!cut_) return;
  rows.assign(whole.begin(), whole.begin() + kRowsOfLong);
  const std::string indent(static_cast<std::size_t>(options_.compact ? 1 : options_.margin), ' ');
  std::string title =
      indent + std::string(options_.glyphs->folded) + strf(" %zu more rows", whole.size() - kRowsOfLong);
  if (!options_.unfold_label.empty())
    title += " " + std::string(options_.glyphs->dot) + " " + options_.unfold_label;
  rows.push_back({{{fit(title, options_.width, options_.glyphs->ellipsis), Style::think_title}},
                  whole[kRowsOfLong].source});
}

const std::vector<Line>& TranscriptView::Entry::lines(int part) const {
  static const std::vector<Line> none;
  if (part == text && cut_) return own_[text];
  if (part == text) return text_ && text_shown_ ? text_->lines() : none;
  if (part == thinking) return thinking_ && thinking_shown_ ? thinking_->lines() : none;
  return own_[static_cast<std::size_t>(part)];
}

const Line& TranscriptView::Entry::row(int n) const {
  for (int part = 0; part < kParts; ++part) {
    const auto count = static_cast<int>(lines(part).size());
    if (n < count) return lines(part)[static_cast<std::size_t>(n)];
    n -= count;
  }
  GLIM_ASSERT(!"row of an entry");
  return lines(gap)[0];
}

Place TranscriptView::Entry::place_of_row(int n) const {
  for (int part = 0; part < kParts; ++part) {
    const std::vector<Line>& rows = lines(part);
    const auto count = static_cast<int>(rows.size());
    if (n >= count) {
      n -= count;
      continue;
    }
    const std::size_t offset = rows[static_cast<std::size_t>(n)].source;
    int nth = 0;
    while (n - nth > 0 && rows[static_cast<std::size_t>(n - nth - 1)].source == offset) ++nth;
    return {id_, part, offset, nth};
  }
  return {id_, 0, 0, 0};
}

/// The row that shows the place, or the last one before it when its part has gone.
int TranscriptView::Entry::row_of(const Place& place) const {
  int before = 0;
  for (int part = 0; part < place.part; ++part) before += static_cast<int>(lines(part).size());
  const std::vector<Line>& rows = lines(place.part);
  if (rows.empty()) return std::clamp(before - 1, 0, std::max(rows_ - 1, 0));
  const auto after =
      std::upper_bound(rows.begin(), rows.end(), place.offset,
                       [](std::size_t offset, const Line& line) { return offset < line.source; });
  if (after == rows.begin()) return before;
  const std::size_t source = std::prev(after)->source;
  const auto first = std::lower_bound(
      rows.begin(), after, source, [](const Line& line, std::size_t offset) { return line.source < offset; });
  const auto last_same = static_cast<int>(std::prev(after) - first);
  const int nth = source == place.offset ? std::min(place.nth, last_same) : last_same;
  return before + static_cast<int>(first - rows.begin()) + nth;
}

}  // namespace glim::ui
