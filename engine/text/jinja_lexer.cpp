#include "engine/text/jinja_lexer.h"

#include <array>
#include <cctype>
#include <cstring>

#include "engine/base/text.h"
#include "engine/base/utf8.h"

namespace glim::jinja {

std::string normalised_source(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (pos_ < source_.size()) next_piece();
    add(TokenKind::end, source_.size(), source_.size());
    return std::move(tokens_);
  }

 private:
  void next_piece();
  void add_text(std::size_t from, std::size_t to, char sign, bool block);
  bool skip_raw(std::size_t start);
  void skip_comment(std::size_t start);
  void read_tag(TokenKind begin, TokenKind end);
  bool read_tag_end(TokenKind end);
  void read_expression_token();
  void read_number();
  void read_string();
  void read_symbol();
  void skip_space();
  void add(TokenKind kind, std::size_t from, std::size_t to) {
    tokens_.push_back({kind, source_.substr(from, to - from), static_cast<Place>(from)});
  }
  bool at(std::string_view text, std::size_t pos) const { return source_.substr(pos).starts_with(text); }
  char peek(std::size_t pos) const { return pos < source_.size() ? source_[pos] : '\0'; }
  std::size_t word_end(std::size_t pos, std::string_view word) const;
  [[noreturn]] void fail(std::size_t pos, const std::string& what) const {
    fail_at(source_, static_cast<Place>(pos), what);
  }

  std::string_view source_;
  std::size_t pos_ = 0;
  bool line_start_ = true;  // whether the last thing consumed ended a line
  std::vector<char> brackets_;
  std::vector<Token> tokens_;
};

// `sign` is the '-' or '+' of the tag that follows the text; `block` tells that lstrip_blocks applies to that
// tag.
void Lexer::add_text(std::size_t from, std::size_t to, char sign, bool block) {
  std::string_view text = source_.substr(from, to - from);
  if (sign == '-') {
    text = text.substr(0, strip_range(text, Side::right).end);
  } else if (sign != '+' && block) {
    const std::size_t line = text.rfind('\n') + 1;
    if (line > 0 || line_start_) {
      const std::string_view tail = text.substr(line);
      if (strip_range(tail, Side::left).begin == tail.size()) text = text.substr(0, line);
    }
  }
  if (!text.empty()) add(TokenKind::text, from, from + text.size());
}

void Lexer::next_piece() {
  std::size_t start = pos_;
  while (true) {
    start = source_.find('{', start);
    if (start == std::string_view::npos) {
      add_text(pos_, source_.size(), '\0', false);
      pos_ = source_.size();
      return;
    }
    const char next = peek(start + 1);
    if (next == '{' || next == '%' || next == '#') break;
    ++start;
  }
  const char kind = source_[start + 1];
  const char sign = peek(start + 2) == '-' || peek(start + 2) == '+' ? source_[start + 2] : '\0';
  add_text(pos_, start, sign, kind != '{');
  pos_ = start + (sign ? 3 : 2);
  line_start_ = false;
  if (kind == '#') {
    skip_comment(start);
  } else if (kind == '{') {
    add(TokenKind::print_begin, start, pos_);
    read_tag(TokenKind::print_begin, TokenKind::print_end);
  } else if (!skip_raw(start)) {
    add(TokenKind::block_begin, start, pos_);
    read_tag(TokenKind::block_begin, TokenKind::block_end);
  }
}

// Position after whitespace, `word` and whitespace, or npos.
std::size_t Lexer::word_end(std::size_t pos, std::string_view word) const {
  while (std::isspace(static_cast<unsigned char>(peek(pos)))) ++pos;
  if (!at(word, pos)) return std::string_view::npos;
  pos += word.size();
  while (std::isspace(static_cast<unsigned char>(peek(pos)))) ++pos;
  return pos;
}

bool Lexer::skip_raw(std::size_t start) {
  std::size_t pos = word_end(pos_, "raw");
  if (pos == std::string_view::npos) return false;
  if (!at("%}", pos) && !at("-%}", pos)) return false;
  const bool strip = source_[pos] == '-';
  pos_ = pos + (strip ? 3 : 2);
  if (strip) skip_space();
  for (std::size_t tag = source_.find("{%", pos_); tag != std::string_view::npos;
       tag = source_.find("{%", tag + 1)) {
    const char sign = peek(tag + 2) == '-' || peek(tag + 2) == '+' ? source_[tag + 2] : '\0';
    const std::size_t end = word_end(tag + (sign ? 3 : 2), "endraw");
    if (end == std::string_view::npos) continue;
    const std::size_t from = pos_;
    pos_ = end;
    brackets_.clear();
    if (!at("%}", end) && !at("-%}", end) && !at("+%}", end)) {
      pos_ = from;
      continue;
    }
    add_text(from, tag, sign, true);
    read_tag_end(TokenKind::block_end);
    tokens_.pop_back();  // the end of the raw block is no tag of its own
    return true;
  }
  fail(start, "a raw block is not closed");
}

void Lexer::skip_comment(std::size_t start) {
  const std::size_t end = source_.find("#}", pos_);
  if (end == std::string_view::npos) fail(start, "a comment is not closed");
  const char sign = end > pos_ ? source_[end - 1] : '\0';
  pos_ = end + 2;
  if (sign == '-') {
    skip_space();
  } else if (sign != '+' && peek(pos_) == '\n') {
    ++pos_;
  }
  line_start_ = source_[pos_ - 1] == '\n';
}

void Lexer::skip_space() {
  pos_ += strip_range(source_.substr(pos_), Side::left).begin;
}

bool Lexer::read_tag_end(TokenKind end) {
  if (!brackets_.empty()) return false;
  const std::size_t start = pos_;
  const std::string_view close = end == TokenKind::block_end ? "%}" : "}}";
  const char sign = peek(pos_);
  const bool signs = sign == '-' || (sign == '+' && end == TokenKind::block_end);
  if (!at(close, pos_ + (signs ? 1 : 0))) return false;
  pos_ += close.size() + (signs ? 1 : 0);
  if (sign == '-') {
    skip_space();
  } else if (end == TokenKind::block_end && sign != '+' && peek(pos_) == '\n') {
    ++pos_;
  }
  add(end, start, pos_);
  line_start_ = source_[pos_ - 1] == '\n';
  return true;
}

void Lexer::read_tag(TokenKind begin, TokenKind end) {
  brackets_.clear();
  const std::size_t start = tokens_.back().place;
  while (true) {
    skip_space();
    if (pos_ >= source_.size())
      fail(start, begin == TokenKind::print_begin ? "'{{' is not closed" : "'{%' is not closed");
    if (read_tag_end(end)) return;
    read_expression_token();
  }
}

void Lexer::read_expression_token() {
  const char c = source_[pos_];
  if (is_digit(c)) return read_number();
  if (c == '"' || c == '\'') return read_string();
  if (!starts_name(c)) return read_symbol();
  const std::size_t from = pos_;
  while (continues_name(peek(pos_))) ++pos_;
  add(TokenKind::name, from, pos_);
}

void Lexer::read_number() {
  const std::size_t from = pos_;
  const auto digits = [&](auto accept) {
    while (accept(peek(pos_)) || (peek(pos_) == '_' && accept(peek(pos_ + 1)))) ++pos_;
  };
  const char base = static_cast<char>(std::tolower(peek(pos_ + 1)));
  if (source_[pos_] == '0' && (base == 'x' || base == 'o' || base == 'b')) {
    pos_ += 2;
    digits([](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    return add(TokenKind::integer, from, pos_);
  }
  digits(is_digit);
  bool real = false;
  const bool after_dot = from > 0 && source_[from - 1] == '.';
  if (!after_dot && peek(pos_) == '.' && is_digit(peek(pos_ + 1))) {
    real = true;
    ++pos_;
    digits(is_digit);
  }
  if (!after_dot && (peek(pos_) == 'e' || peek(pos_) == 'E')) {
    const bool sign = peek(pos_ + 1) == '+' || peek(pos_ + 1) == '-';
    if (is_digit(peek(pos_ + (sign ? 2 : 1)))) {
      real = true;
      pos_ += sign ? 2 : 1;
      digits(is_digit);
    }
  }
  add(real ? TokenKind::real : TokenKind::integer, from, pos_);
}

void Lexer::read_string() {
  const std::size_t from = pos_;
  const char quote = source_[pos_++];
  while (peek(pos_) != quote || pos_ >= source_.size()) {
    if (pos_ < source_.size() && source_[pos_] == '\\') ++pos_;
    if (pos_ >= source_.size()) fail(from, "a string is not closed");
    ++pos_;
  }
  add(TokenKind::string, from + 1, pos_++);
}

void Lexer::read_symbol() {
  static constexpr std::array<std::string_view, 6> kLong = {"//", "**", "==", "!=", ">=", "<="};
  static constexpr std::string_view kShort = "+-/*%~[](){}><=.:|,;";
  const std::size_t from = pos_;
  for (std::string_view symbol : kLong) {
    if (!at(symbol, pos_)) continue;
    pos_ += 2;
    return add(TokenKind::symbol, from, pos_);
  }
  const char c = source_[pos_];
  if (c == '\0' || kShort.find(c) == std::string_view::npos) {
    fail(from, "character '" + std::string(1, c) + "' is not expected here");
  }
  ++pos_;
  static constexpr std::string_view kOpen = "([{", kClose = ")]}";
  if (kOpen.find(c) != std::string_view::npos) brackets_.push_back(kClose[kOpen.find(c)]);
  if (kClose.find(c) != std::string_view::npos) {
    if (brackets_.empty() || brackets_.back() != c) fail(from, "'" + std::string(1, c) + "' closes nothing");
    brackets_.pop_back();
  }
  add(TokenKind::symbol, from, pos_);
}

// Reads `count` hexadecimal digits at the front, or nothing when there are fewer.
bool hex_code(std::string_view digits, std::size_t count, char32_t& code) {
  if (digits.size() < count) return false;
  code = 0;
  for (char c : digits.substr(0, count)) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return false;
    code = code * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code <= 0x10ffff;
}

// Appends what the escape at the front of `rest` (after the backslash) stands for; returns its length.
std::size_t append_escape(std::string& out, std::string_view rest) {
  static constexpr std::string_view kNames = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const char c = rest[0];
  if (c == '\n') return 1;
  if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
    out += kMeanings[known];
    return 1;
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  char32_t code = 0;
  if (digits && hex_code(rest.substr(1), digits, code)) {
    utf8_append(out, code);
    return 1 + digits;
  }
  std::size_t length = 0;
  while (length < 3 && length < rest.size() && rest[length] >= '0' && rest[length] <= '7') {
    code = code * 8 + static_cast<char32_t>(rest[length++] - '0');
  }
  if (length > 0) {
    utf8_append(out, code);
    return length;
  }
  out += '\\';
  return 0;
}

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  return Lexer(source).run();
}

std::string unescaped(std::string_view literal) {
  std::string out;
  for (std::size_t i = 0; i < literal.size();) {
    if (literal[i] != '\\' || i + 1 >= literal.size()) {
      out += literal[i++];
    } else {
      i += 1 + append_escape(out, literal.substr(i + 1));
    }
  }
  return out;
}

}  // namespace glim::jinja
