#include "app/compare/compare_marks.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "app/compare/diff.h"
#include "ui/compare_pane.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

constexpr int kLongestOld = 28;  // columns; more of it is in the reference's pane

bool writes(const CompareAnswer& answer) {
  return answer.state == AnswerState::waiting || answer.state == AnswerState::running;
}

std::size_t end_of_words(std::string_view text) {
  return text.find_last_not_of(" \n") + 1;
}

ShownRange range_of_words(const std::vector<WordSpan>& words, std::size_t first, std::size_t count) {
  if (count > 0) return {words[first].first, words[first + count - 1].first + words[first + count - 1].size};
  const std::size_t at = first == 0 ? 0 : words[first - 1].first + words[first - 1].size;
  return {at, at};
}

std::vector<TextChange> word_changes(const AnswerPair& pair) {
  const WordDiff diff = diff_words(pair.reference_shown.text(), pair.other_shown.text());
  std::vector<TextChange> out;
  for (const DiffRun& run : diff.runs)
    if (!run.same)
      out.push_back({range_of_words(diff.new_words, run.new_first, run.new_count),
                     range_of_words(diff.old_words, run.old_first, run.old_count)});
  return out;
}

/// Tokens that are part of a shown text, and where.
struct TextTokens {
  std::vector<std::int32_t> ids;
  std::vector<ShownRange> places;

  TextTokens(const CompareAnswer& answer, const ShownAnswer& shown) {
    for (std::size_t i = 0; i < shown.places().size(); ++i) {
      if (shown.places()[i].empty()) continue;
      ids.push_back(answer.tokens[i].id);
      places.push_back(shown.places()[i]);
    }
  }

  ShownRange range(std::size_t first, std::size_t count) const {
    if (count > 0) return {places[first].begin, places[first + count - 1].end};
    const std::size_t at = first == 0 ? 0 : places[first - 1].end;
    return {at, at};
  }
};

std::vector<TextChange> token_changes(const AnswerPair& pair) {
  const TextTokens old_tokens(pair.reference, pair.reference_shown);
  const TextTokens new_tokens(pair.other, pair.other_shown);
  std::vector<TextChange> out;
  for (const DiffRun& run : diff_ids(old_tokens.ids, new_tokens.ids))
    if (!run.same)
      out.push_back(
          {new_tokens.range(run.new_first, run.new_count), old_tokens.range(run.old_first, run.old_count)});
  return out;
}

std::vector<TextChange> split_change(const AnswerPair& pair) {
  if (!pair.other.split) return {};
  const auto at = static_cast<std::size_t>(pair.other.split->index);
  const auto place = [at](const ShownAnswer& shown) {
    return at < shown.places().size() ? shown.places()[at]
                                      : ShownRange{shown.text().size(), shown.text().size()};
  };
  const TextChange change = {place(pair.other_shown), place(pair.reference_shown)};
  if (change.here.empty() && change.there.empty()) return {};
  return {change};
}

/// One row, blanks for its ends, cut.
std::string quoted(std::string text, const ui::GlyphSet& glyphs) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return ui::fit(text, kLongestOld, glyphs.ellipsis);
}

/// A place where a note can stand: not behind the newline that ends a row.
std::size_t before_newlines(std::string_view text, std::size_t at) {
  while (at > 0 && at == text.size() && text[at - 1] == '\n') --at;
  return at;
}

/// Pieces of the range that lie in one row each, without blanks at the ends of rows.
std::vector<ShownRange> rows_of(std::string_view text, ShownRange range) {
  std::vector<ShownRange> out;
  while (range.begin < range.end) {
    const std::size_t end = std::min(text.find('\n', range.begin), range.end);
    ShownRange row = {range.begin, end};
    while (!row.empty() && text[row.begin] == ' ' && row.begin > 0 && text[row.begin - 1] == '\n')
      ++row.begin;
    if (!row.empty()) out.push_back(row);
    range.begin = end + 1;
  }
  return out;
}

}  // namespace

const char* diff_mode_name(DiffMode mode) {
  constexpr std::array<const char*, kDiffModes> kNames = {"off", "word", "token", "splits"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::vector<TextChange> text_changes(const AnswerPair& pair, DiffMode mode) {
  std::vector<TextChange> out;
  if (mode == DiffMode::words) out = word_changes(pair);
  if (mode == DiffMode::tokens) out = token_changes(pair);
  if (mode == DiffMode::splits) return split_change(pair);
  if (out.empty()) return out;
  // The end of what is being written is compared with what has not come yet.
  TextChange& last = out.back();
  const bool at_end = last.here.end >= end_of_words(pair.other_shown.text()) ||
                      last.there.end >= end_of_words(pair.reference_shown.text());
  if (at_end && writes(pair.other)) last.there.end = last.there.begin;
  const bool unknown = at_end && writes(pair.reference) && last.there.empty();
  if (unknown || (last.here.empty() && last.there.empty())) out.pop_back();
  return out;
}

ui::TextMarks change_marks(const AnswerPair& pair, const std::vector<TextChange>& changes,
                           const MarkOptions& options) {
  const std::string_view here = pair.other_shown.text(), there = pair.reference_shown.text();
  const std::string arrow(options.glyphs->right);
  ui::TextMarks out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const TextChange& change = changes[i];
    const bool standing_out = options.highlighted == i;
    const ui::Ink bracket(ui::Style::diff_old, standing_out ? ui::reverse : 0);
    std::string old;
    if (!change.there.empty())
      old = quoted(std::string(there.substr(change.there.begin, change.there.end - change.there.begin)),
                   *options.glyphs) +
            arrow;
    const std::vector<ShownRange> rows = rows_of(here, change.here);
    if (options.notes && rows.empty())
      out.notes.push_back({before_newlines(here, change.here.begin), "[" + old + "]", bracket});
    for (const ShownRange& row : rows) {
      if (options.notes) {
        out.notes.push_back({row.begin, "[" + old, bracket});
        out.notes.push_back({row.end, "]", bracket});
      }
      out.tints.push_back({row.begin, row.end, standing_out ? ui::Style::selection : ui::Style::diff_new});
      old.clear();
    }
  }
  return out;
}

void add_heat(ui::TextMarks& marks, const ShownAnswer& shown, const std::vector<TokenDrift>& per_token,
              std::size_t count) {
  marks.tints.clear();  // one colour per byte: here it says how far, the brackets say what
  for (std::size_t i = 0; i < std::min({per_token.size(), shown.places().size(), count}); ++i) {
    const std::optional<ui::Style> style = ui::heat_style(per_token[i].kld);
    const ShownRange& place = shown.places()[i];
    if (style && !place.empty()) marks.tints.push_back({place.begin, place.end, *style});
  }
}

}  // namespace glim::app
