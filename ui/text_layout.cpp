#include "ui/text_layout.h"

#include <utf8proc.h>

#include <algorithm>
#include <deque>

#include "engine/base/utf8.h"

namespace glim::ui {
namespace {

constexpr char32_t kMissing = 0x25a1;
constexpr int kMostMarks = 8;

bool between(char32_t code, char32_t low, char32_t high) {
  return code >= low && code <= high;
}

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f;
}

/// Has a meaning for shaping only, and would shift the row in some terminals.
bool not_drawn(char32_t code) {
  return between(code, 0xfe00, 0xfe0f) || between(code, 0xe0100, 0xe01ef) ||
         (category(code) == UTF8PROC_CATEGORY_CF && code_width(code) == 0);
}

bool is_skin_tone(char32_t code) {
  return between(code, 0x1f3fb, 0x1f3ff);
}

/// What is drawn instead of a code point without a width.
char32_t stand_in(char32_t code) {
  if (code < 0x20) return 0x2400 + code;
  if (code == 0x7f) return 0x2421;
  return kMissing;
}

}  // namespace

int code_width(char32_t code) {
  if (code < 0x20 || between(code, 0x7f, 0x9f) || between(code, 0xd800, 0xdfff) || code > 0x10ffff) return -1;
  if (code < 0x7f) return 1;
  // Where utf8proc and the wcwidth() that ncurses asks differ, ncurses is right by definition.
  if (between(code, 0x1160, 0x11ff) || between(code, 0xd7b0, 0xd7ff)) return 0;
  if (between(code, 0x3248, 0x324f) || between(code, 0x4dc0, 0x4dff)) return 2;
  if (between(code, 0x302e, 0x302f) || between(code, 0x16ff0, 0x16ff1)) return 2;
  const auto signed_code = static_cast<utf8proc_int32_t>(code);
  switch (category(code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return -1;
    case UTF8PROC_CATEGORY_MC:
      return 1;
    case UTF8PROC_CATEGORY_CF:
      if (utf8proc_get_property(signed_code)->boundclass == UTF8PROC_BOUNDCLASS_PREPEND) return 1;
      [[fallthrough]];
    default:
      return utf8proc_charwidth(signed_code);
  }
}

bool is_combining(char32_t code) {
  if (code < 0x300) return false;
  const utf8proc_category_t c = category(code);
  return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME;
}

const Shape& ShapeReader::next() {
  const std::string_view rest = text_.substr(at_);
  if (is_plain(rest[0]) && (rest.size() == 1 || is_plain(rest[1]))) {
    shape_ = {1, rest.substr(0, 1), 1};
    ++at_;
    return shape_;
  }
  Utf8Char c = utf8_next(rest);
  std::size_t n = c.length;
  bool as_is = true, has_base = false;
  changed_.clear();
  shape_ = {};
  if (not_drawn(c.code)) {
    as_is = false;
  } else if (const int width = code_width(c.code); width < 0) {
    utf8_append(changed_, stand_in(c.code));
    as_is = false, has_base = true, shape_.width = 1;
  } else {
    if (width == 0) changed_ = " ", as_is = false;  // a mark with nothing to stand on
    utf8_append(changed_, c.code);
    as_is = as_is && c.valid, has_base = true, shape_.width = std::max(width, 1);
  }
  for (int marks = 0; n < rest.size(); n += c.length) {
    c = utf8_next(rest.substr(n));
    if (not_drawn(c.code) || (has_base && is_skin_tone(c.code))) {
      as_is = false;
    } else if (has_base && code_width(c.code) == 0) {
      if (marks++ < kMostMarks)
        utf8_append(changed_, c.code);
      else
        as_is = false;
    } else {
      break;
    }
  }
  at_ += n;
  shape_.length = n;
  shape_.text = as_is ? rest.substr(0, n) : std::string_view(changed_);
  return shape_;
}

int display_width(std::string_view text) {
  int width = 0;
  for (ShapeReader reader(text); !reader.done();) width += reader.next().width;
  return width;
}

int display_width(const Spans& spans) {
  int width = 0;
  for (const Span& span : spans) width += display_width(span.text);
  return width;
}

std::string fit(std::string_view text, int width, std::string_view ellipsis) {
  if (display_width(text) <= width) return std::string(text);
  const int room = width - display_width(ellipsis);
  std::size_t end = 0;
  int used = 0;
  for (ShapeReader reader(text); !reader.done();) {
    used += reader.next().width;
    if (used > room) break;
    end = reader.offset();
  }
  if (room < 0) return {};
  return std::string(text.substr(0, end)) + std::string(ellipsis);
}

std::string pad(std::string_view text, int width) {
  const int missing = width - display_width(text);
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(missing, 0)), ' ');
}

std::size_t next_grapheme(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return text.size();
  Utf8Char before = utf8_next(text.substr(offset));
  std::size_t at = offset + before.length;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    const Utf8Char c = utf8_next(text.substr(at));
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before.code),
                                         static_cast<utf8proc_int32_t>(c.code), &state))
      break;
    at += c.length;
    before = c;
  }
  return at;
}

std::size_t previous_grapheme(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  if (offset == 0) return 0;
  // Clusters are short, but whether two flags pair up depends on where counting starts: begin at the row,
  // within reason.
  const std::size_t newline = text.rfind('\n', offset - 1);
  std::size_t at = newline == std::string_view::npos || newline + 1 >= offset ? 0 : newline + 1;
  if (newline != std::string_view::npos && newline + 1 == offset) at = newline;
  constexpr std::size_t kFar = 1024;
  if (offset - at > kFar) {
    at = offset - kFar;
    while (at < offset && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  for (std::size_t next = at; next < offset; next = next_grapheme(text, next)) at = next;
  return at;
}

std::string text_of(const Line& line) {
  std::string out;
  for (const Span& span : line.spans) out += span.text;
  return out;
}

namespace {

/// One shape of the text to wrap.
struct Atom {
  std::string_view text;
  std::size_t source;
  Ink ink;
  int width;
  enum Kind : unsigned char { solid, blank, newline } kind;
  bool may_begin_row;  ///< a row may break before it although no blank precedes
};

bool closes(std::string_view text) {
  constexpr std::string_view kClosing[] = {"、", "。", "，", "．", "）", "」", "』", "】", "！",
                                           "？", "：", "；", "》", "〉", "］", "｝", "ー", "々"};
  return std::find(std::begin(kClosing), std::end(kClosing), text) != std::end(kClosing);
}

class Wrapper {
 public:
  Wrapper(const Spans& text, const WrapOptions& options) : options_(options) {
    for (const Span& span : text) add(span);
    if (!text.empty()) end_source_ = text.back().source + (text.back().added ? 0 : text.back().text.size());
  }

  std::vector<Line> run() {
    for (std::size_t i = 0; i < atoms_.size();) i = place(i);
    if (begin_ < atoms_.size() || lines_.empty() || atoms_.back().kind == Atom::newline) emit(atoms_.size());
    return std::move(lines_);
  }

 private:
  void add(const Span& span) {
    for (ShapeReader reader(span.text); !reader.done();) {
      const std::size_t at = reader.offset();
      const Shape& shape = reader.next();
      const char first = span.text[at];
      if (first == '\n' || first == ' ' || first == '\t') {
        add_blank(span, at);
        continue;
      }
      if (shape.width == 0) continue;
      std::string_view shown = shape.text;
      if (shown.data() != span.text.data() + at) shown = changed_.emplace_back(shown);
      const bool wide = shape.width == 2 || (!atoms_.empty() && atoms_.back().width == 2);
      atoms_.push_back({shown, span.source + (span.added ? 0 : at), span.ink, shape.width, Atom::solid,
                        wide && !closes(shown)});
    }
  }

  void add_blank(const Span& span, std::size_t at) {
    constexpr std::string_view kBlanks = "    ";
    static_assert(kBlanks.size() == kTabColumns);
    const char c = span.text[at];
    const std::size_t columns = c == '\t' ? kBlanks.size() : c == ' ' ? 1 : 0;
    const Atom::Kind kind = c == '\n' ? Atom::newline : Atom::blank;
    atoms_.push_back({kBlanks.substr(0, columns), span.source + (span.added ? 0 : at), span.ink,
                      static_cast<int>(columns), kind, false});
  }

  int limit() const {
    const Spans& prefix = lines_.empty() ? options_.first : options_.rest;
    return std::max(options_.width - display_width(prefix), 1);
  }

  /// Puts atom `i` on the current row or ends the row before it. Returns the next atom to place.
  std::size_t place(std::size_t i) {
    const Atom& atom = atoms_[i];
    if (atom.kind == Atom::newline) {
      emit(i);
      start(i + 1);
      return i + 1;
    }
    if (atom.may_begin_row && i > begin_) break_ = i;
    if (used_ + atom.width > limit()) {
      if (atom.kind == Atom::blank) return swallow_blanks(i);
      const std::size_t cut = break_ > begin_ ? break_ : i > begin_ ? i : i + 1;
      emit(cut);
      start(cut);
      return cut;
    }
    used_ += atom.width;
    if (atom.kind == Atom::blank && solid_) break_ = i + 1;
    solid_ = solid_ || atom.kind == Atom::solid;
    return i + 1;
  }

  /// A row that is full at a blank ends there, and the blanks and one newline belong to the break.
  std::size_t swallow_blanks(std::size_t i) {
    emit(i);
    while (i < atoms_.size() && atoms_[i].kind == Atom::blank) ++i;
    const bool newline = i < atoms_.size() && atoms_[i].kind == Atom::newline;
    if (newline && i + 1 < atoms_.size()) ++i;
    start(i);
    return i;
  }

  void start(std::size_t i) {
    begin_ = i;
    break_ = i;
    used_ = 0;
    solid_ = false;
  }

  void emit(std::size_t end) {
    Line line;
    line.spans = lines_.empty() ? options_.first : options_.rest;
    line.source = begin_ < atoms_.size() ? atoms_[begin_].source : end_source_;
    for (Span& span : line.spans) span.source = line.source;
    std::size_t last = end;
    while (last > begin_ && atoms_[last - 1].kind == Atom::blank) --last;
    for (std::size_t i = begin_; i < last; ++i) {
      const Atom& atom = atoms_[i];
      const bool joins = i > begin_ && atoms_[i - 1].ink == atom.ink;
      if (!joins) line.spans.push_back({{}, atom.ink, atom.source});
      line.spans.back().text += atom.text;
    }
    lines_.push_back(std::move(line));
  }

  const WrapOptions& options_;
  std::vector<Atom> atoms_;
  std::deque<std::string> changed_;
  std::vector<Line> lines_;
  std::size_t end_source_ = 0;
  std::size_t begin_ = 0;  ///< first atom of the row
  std::size_t break_ = 0;  ///< where the row may end; begin_: nowhere
  int used_ = 0;
  bool solid_ = false;  ///< the row has more than blanks
};

}  // namespace

std::vector<Line> wrap(const Spans& text, const WrapOptions& options) {
  return Wrapper(text, options).run();
}

std::vector<Line> wrap(std::string_view text, int width, Ink ink) {
  return wrap(Spans{{std::string(text), ink, 0}}, WrapOptions{.width = width, .first = {}, .rest = {}});
}

}  // namespace glim::ui
