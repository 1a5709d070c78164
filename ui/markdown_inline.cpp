#include "ui/markdown_inline.h"

#include <algorithm>
#include <optional>

#include "engine/base/text.h"

namespace glim::ui {
namespace {

// Searches for the end of a construct look this far, so that a row of nothing but openers is not quadratic.
constexpr std::size_t kReach = 2048;
constexpr std::size_t kDeepest = 8;

bool is_space(char c) {
  return c == ' ';
}
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}
bool is_punctuation(char c) {
  return c > 0x20 && c < 0x7f && !is_word(c);
}

class InlineParser {
 public:
  InlineParser(std::string_view text, std::size_t source, std::vector<std::string>& links)
      : text_(text), source_(source), links_(links) {}

  Spans run(Ink ink) {
    parse(0, text_.size(), ink);
    return std::move(out_);
  }

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : ' '; }

  std::size_t run_length(std::size_t i, std::size_t end) const {
    std::size_t n = 1;
    while (i + n < end && text_[i + n] == text_[i]) ++n;
    return n;
  }

  void literal(std::size_t begin, std::size_t end, Ink ink) {
    if (begin >= end) return;
    const bool joins = !out_.empty() && out_.back().ink == ink &&
                       out_.back().source + out_.back().text.size() == source_ + begin;
    if (!joins) out_.push_back({{}, ink, source_ + begin});
    out_.back().text += text_.substr(begin, end - begin);
  }

  void parse(std::size_t begin, std::size_t end, Ink ink) {
    ++depth_;
    for (std::size_t i = begin; i < end;) {
      const std::size_t next = depth_ > kDeepest ? i : special(i, end, ink);
      if (next == i) literal(i, i + 1, ink);
      i = next == i ? i + 1 : next;
    }
    --depth_;
  }

  /// Handles a construct that begins at `i`. Returns its end, or `i` when there is none.
  std::size_t special(std::size_t i, std::size_t end, Ink ink) {
    switch (text_[i]) {
      case '\\':
        if (i + 1 >= end || !is_punctuation(text_[i + 1])) return i;
        literal(i + 1, i + 2, ink);
        return i + 2;
      case '`':
        return code(i, end, ink);
      case '*':
      case '_':
        return emphasis(i, end, ink);
      case '!':
        return i + 1 < end && text_[i + 1] == '[' ? link(i, 1, end, ink) : i;
      case '[':
        return link(i, 0, end, ink);
      default:
        return i;
    }
  }

  std::optional<std::size_t> code_end(std::size_t i, std::size_t n, std::size_t end) const {
    for (std::size_t k = i + n; k < std::min(end, i + kReach);) {
      if (text_[k] != '`') {
        ++k;
        continue;
      }
      const std::size_t m = run_length(k, end);
      if (m == n) return k;
      k += m;
    }
    return std::nullopt;
  }

  std::size_t code(std::size_t i, std::size_t end, Ink ink) {
    const std::size_t n = run_length(i, end);
    const std::optional<std::size_t> close = code_end(i, n, end);
    if (!close) return literal(i, i + n, ink), i + n;
    std::size_t from = i + n, to = *close;
    if (to - from > 2 && is_space(text_[from]) && is_space(text_[to - 1])) ++from, --to;
    literal(from, to, {Style::code_inline, ink.emphasis});
    return *close + n;
  }

  /// The run that closes emphasis opened by `n` signs, as the place of its last `n` signs.
  std::optional<std::size_t> emphasis_end(std::size_t from, std::size_t n, std::size_t end, char sign) const {
    for (std::size_t k = from; k < std::min(end, from + kReach);) {
      if (text_[k] == '\\') {
        k += 2;
        continue;
      }
      if (text_[k] == '`') {
        const std::size_t m = run_length(k, end);
        const std::optional<std::size_t> close = code_end(k, m, end);
        k = close ? *close + m : k + m;
        continue;
      }
      if (text_[k] != sign) {
        ++k;
        continue;
      }
      const std::size_t m = run_length(k, end);
      const bool fits = m == n || m == 3;
      const bool closes = k > from && !is_space(text_[k - 1]) && (sign == '*' || !is_word(at(k + m)));
      if (fits && m >= n && closes) return k + m - n;
      k += m;
    }
    return std::nullopt;
  }

  std::size_t emphasis(std::size_t i, std::size_t end, Ink ink) {
    const char sign = text_[i];
    const std::size_t n = run_length(i, end), from = i + n;
    const bool opens =
        n <= 3 && from < end && !is_space(text_[from]) && (sign == '*' || i == 0 || !is_word(text_[i - 1]));
    const std::optional<std::size_t> close = opens ? emphasis_end(from, n, end, sign) : std::nullopt;
    if (!close) return literal(i, from, ink), from;
    const int added = n == 1 ? italic : n == 2 ? bold : bold | italic;
    parse(from, *close, {ink.style, static_cast<std::uint8_t>(ink.emphasis | added)});
    return *close + n;
  }

  std::optional<std::size_t> find_closing(std::size_t i, std::size_t end, char open, char close) const {
    int depth = 0;
    for (std::size_t k = i; k < std::min(end, i + kReach); ++k) {
      if (text_[k] == '\\')
        ++k;
      else if (text_[k] == open)
        ++depth;
      else if (text_[k] == close && --depth == 0)
        return k;
    }
    return std::nullopt;
  }

  /// `skip`: 1 for an image, whose bracket stands behind a sign.
  std::size_t link(std::size_t i, std::size_t skip, std::size_t end, Ink ink) {
    const std::size_t bracket = i + skip;
    const std::optional<std::size_t> label_end = find_closing(bracket, end, '[', ']');
    if (!label_end || *label_end + 1 >= end || text_[*label_end + 1] != '(') return i;
    const std::optional<std::size_t> target_end = find_closing(*label_end + 1, end, '(', ')');
    if (!target_end) return i;
    std::string_view target = text_.substr(*label_end + 2, *target_end - *label_end - 2);
    target = target.substr(0, target.find(" \""));  // a title
    if (target.empty()) return i;
    links_.emplace_back(target);
    parse(bracket + 1, *label_end, {Style::link, ink.emphasis});
    out_.push_back({strf("[%zu]", links_.size()), Style::dim, source_ + *label_end, true});
    return *target_end + 1;
  }

  std::string_view text_;
  std::size_t source_;
  std::vector<std::string>& links_;
  Spans out_;
  std::size_t depth_ = 0;
};

}  // namespace

Spans parse_inline(std::string_view text, std::size_t source, Ink ink, std::vector<std::string>& links) {
  return InlineParser(text, source, links).run(ink);
}

}  // namespace glim::ui
