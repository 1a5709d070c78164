#include "ui/sanitize.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

constexpr std::size_t kLongestSequence = 4096;
constexpr int kMostMarks = 8;
constexpr char32_t kEscape = 0x1b, kCancel = 0x18, kSubstitute = 0x1a, kBell = 0x07, kStringEnd = 0x9c;

struct NamedControl {
  char32_t code;
  std::string_view marker;
};

constexpr std::array kBidi = {
    NamedControl{0x061c, "[ALM]"}, NamedControl{0x200e, "[LRM]"}, NamedControl{0x200f, "[RLM]"},
    NamedControl{0x202a, "[LRE]"}, NamedControl{0x202b, "[RLE]"}, NamedControl{0x202c, "[PDF]"},
    NamedControl{0x202d, "[LRO]"}, NamedControl{0x202e, "[RLO]"}, NamedControl{0x2066, "[LRI]"},
    NamedControl{0x2067, "[RLI]"}, NamedControl{0x2068, "[FSI]"}, NamedControl{0x2069, "[PDI]"},
};

bool between(char32_t code, char32_t low, char32_t high) {
  return code >= low && code <= high;
}

bool is_invisible(char32_t code) {
  return between(code, 0xe0000, 0xe007f) || code == 0x200b || code == 0x2060 || code == 0xfeff;
}

}  // namespace

std::string Sanitizer::push(std::string_view bytes) {
  std::string joined;
  if (!pending_.empty()) {
    joined = pending_ + std::string(bytes);
    bytes = joined;
    pending_.clear();
  }
  const std::size_t tail = utf8_incomplete_tail(bytes);
  pending_ = bytes.substr(bytes.size() - tail);
  bytes.remove_suffix(tail);
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Char c = utf8_next(bytes);
    const auto byte = static_cast<unsigned char>(bytes[0]);
    // A stray byte of the C1 range is that control in an 8-bit terminal.
    const bool raw_c1 = !c.valid && c.length == 1 && byte >= 0x80 && byte <= 0x9f;
    accept({raw_c1 ? byte : c.code, c.length, c.valid}, out);
    bytes.remove_prefix(c.length);
  }
  return out;
}

std::string Sanitizer::finish() {
  std::string out;
  const std::size_t unfinished = pending_.size();
  pending_.clear();
  if (unfinished > 0) accept({0xfffd, unfinished, false}, out);
  if (carriage_return_) emit("^M", out);
  const std::int64_t dropped = dropped_;
  *this = Sanitizer(options_);
  dropped_ = dropped;
  return out;
}

void Sanitizer::accept(const Input& input, std::string& out) {
  if (state_ != State::text && swallow(input, out)) {
    swallowed_ += input.length;
    if (swallowed_ >= kLongestSequence) state_ = State::text;
    return;
  }
  show(input, out);
}

/// Whether the character belongs to the escape sequence being swallowed. Otherwise the sequence has ended
/// before it.
bool Sanitizer::swallow(const Input& input, std::string& out) {
  const char32_t code = input.code;
  const bool ends_line =
      code == '\n' || code == '\r' || code == 0x2028 || code == 0x2029 || (code == 0x85 && input.valid);
  if (ends_line) {
    state_ = State::text;
    return false;
  }
  if (code == kCancel || code == kSubstitute) {
    state_ = State::text;
    return true;
  }
  switch (state_) {
    case State::escape:
      return after_escape(input, out);
    case State::string:
    case State::string_escape:
      if (state_ == State::string_escape && code != '\\') {  // the string was cancelled by another sequence
        begin_escape(out);
        return after_escape(input, out);
      }
      return inside_string(input);
    case State::intermediate:
    case State::csi:
      if (code == kEscape) return begin_escape(out), true;
      if (code >= 0x80) return state_ = State::text, false;
      if (code >= (state_ == State::csi ? 0x40u : 0x30u) && code != 0x7f) state_ = State::text;
      return true;
    case State::single_shift:
      state_ = State::text;
      return between(code, 0x20, 0x7e);
    case State::text:
      break;
  }
  return false;
}

bool Sanitizer::after_escape(const Input& input, std::string& out) {
  const char32_t code = input.code;
  if (code == kEscape) return begin_escape(out), true;
  state_ = State::text;
  if (!between(code, 0x20, 0x7e)) return false;
  bell_ends_ = code == ']';
  if (code == '[')
    state_ = State::csi;
  else if (code == ']' || code == 'P' || code == 'X' || code == '^' || code == '_')
    state_ = State::string;
  else if (code == 'N' || code == 'O')
    state_ = State::single_shift;
  else if (code < 0x30)
    state_ = State::intermediate;
  return true;
}

bool Sanitizer::inside_string(const Input& input) {
  const bool ends =
      state_ == State::string_escape || input.code == kStringEnd || (bell_ends_ && input.code == kBell);
  state_ = ends ? State::text : input.code == kEscape ? State::string_escape : State::string;
  return true;
}

void Sanitizer::begin_escape(std::string& out) {
  emit("[esc]", out);
  state_ = State::escape;
  swallowed_ = 0;
}

void Sanitizer::show(const Input& input, std::string& out) {
  if (carriage_return_) {
    carriage_return_ = false;
    if (input.code == '\n') return newline(out);
    emit("^M", out);
  }
  if (show_control(input, out)) return;
  if (is_invisible(input.code)) {
    ++dropped_;
    return;
  }
  show_character(input.code, out);
}

bool Sanitizer::show_control(const Input& input, std::string& out) {
  const char32_t code = input.code;
  if (code == '\n' || code == 0x2028 || code == 0x2029 || (code == 0x85 && input.valid))
    return newline(out), true;
  if (code == '\r') return carriage_return_ = true;
  if (code == kEscape) {
    begin_escape(out);
    swallowed_ = input.length;
    return true;
  }
  if (code == '\t') {
    const int stop = std::max(options_.tab_width, 1);
    return emit(std::string(static_cast<std::size_t>(stop - column_ % stop), ' '), out), true;
  }
  if (code < 0x20 || code == 0x7f) return emit(std::string("^") + static_cast<char>(code ^ 0x40), out), true;
  if (between(code, 0x80, 0x9f)) return emit(strf("[x%02x]", static_cast<unsigned>(code)), out), true;
  const auto* bidi =
      std::find_if(kBidi.begin(), kBidi.end(), [&](const NamedControl& c) { return c.code == code; });
  if (bidi == kBidi.end()) return false;
  return emit(bidi->marker, out), true;
}

void Sanitizer::show_character(char32_t code, std::string& out) {
  if (code >= 0x80 && options_.ascii_only) return emit(strf("\\u{%04X}", static_cast<unsigned>(code)), out);
  const int width = code_width(code);
  if (is_combining(code)) {
    if (marks_++ >= kMostMarks) {
      ++dropped_;
      return;
    }
  } else if (width != 0) {
    marks_ = 0;
  }
  utf8_append(out, code);
  column_ += width < 0 ? 1 : width;
}

void Sanitizer::emit(std::string_view marker, std::string& out) {
  out += marker;
  column_ += static_cast<int>(marker.size());
  marks_ = 0;
}

void Sanitizer::newline(std::string& out) {
  out += '\n';
  column_ = 0;
  marks_ = 0;
}

std::string sanitize(std::string_view text, const SanitizeOptions& options) {
  Sanitizer sanitizer(options);
  std::string out = sanitizer.push(text);
  return out + sanitizer.finish();
}

std::string sanitize_line(std::string_view text, const SanitizeOptions& options) {
  std::string out = sanitize(text, options);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

}  // namespace glim::ui
