#include "engine/quantize/name_pattern.h"

#include <cstdint>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr std::size_t kMaxPattern = 500, kMaxDepth = 20, kMaxSteps = 200'000;

std::size_t code(char c) {
  return static_cast<unsigned char>(c);
}

}  // namespace

/// Recursive descent over the text of a pattern.
class NamePattern::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Sequence> read() {
    if (text_.empty() || text_.size() > kMaxPattern) fail("is empty or too long");
    std::vector<Sequence> out = alternatives(0);
    if (at_ < text_.size()) fail("closes a group that was not opened");
    return out;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorCode::E501, strf("the pattern \"%s\" %s at character %zu; write a regular expression "
                                      "such as blk\\.[0-9]+\\.ffn_down, where .* stands for any text",
                                      printable(text_).c_str(), what, at_ + 1));
  }

  bool take(char c) {
    const bool here = at_ < text_.size() && text_[at_] == c;
    if (here) ++at_;
    return here;
  }
  char next() {
    if (at_ == text_.size()) fail("ends too early");
    return text_[at_++];
  }

  std::vector<Sequence> alternatives(std::size_t depth) {
    if (depth > kMaxDepth) fail("is nested too deeply");
    std::vector<Sequence> out = {sequence(depth)};
    while (take('|')) out.push_back(sequence(depth));
    return out;
  }

  Sequence sequence(std::size_t depth) {
    Sequence out;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      out.push_back(piece(depth));
      while (at_ < text_.size()) {
        if (take('*')) {
          out.back().least = 0, out.back().most = SIZE_MAX;
        } else if (take('+')) {
          out.back().most = SIZE_MAX;
        } else if (take('?')) {
          out.back().least = 0;
        } else {
          break;
        }
      }
    }
    return out;
  }

  Piece piece(std::size_t depth) {
    Piece out;
    const char c = next();
    if (c == '*' || c == '+' || c == '?') {
      --at_;
      fail("repeats nothing");
    } else if (c == '{') {
      --at_;
      fail("counts repetitions, which is not supported,");
    } else if (c == '(') {
      out.kind = Piece::Kind::group;
      out.group = alternatives(depth + 1);
      if (!take(')')) fail("misses a )");
    } else if (c == '[') {
      out.set = bracket();
    } else if (c == '^' || c == '$') {
      out.kind = c == '^' ? Piece::Kind::begin : Piece::Kind::end;
    } else if (c == '.') {
      out.set.set();
    } else if (c == '\\') {
      out.set = escaped();
    } else {
      out.set.set(code(c));
    }
    return out;
  }

  Set escaped() {
    Set out;
    const char c = next();
    if (c == 'd') {
      for (char digit = '0'; digit <= '9'; ++digit) out.set(code(digit));
    } else {
      out.set(code(c));
    }
    return out;
  }

  Set bracket() {
    Set out;
    const bool inverted = take('^');
    bool first = true;
    for (char c = next(); c != ']' || first; c = next(), first = false) {
      if (c == '\\') {
        out |= escaped();
        continue;
      }
      char last = c;
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        last = next();
      }
      for (std::size_t i = code(c); i <= code(last); ++i) out.set(i);
    }
    return inverted ? ~out : out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Tries the ways in which a pattern can match; what is left to match is passed along as a continuation.
class NamePattern::Matcher {
 public:
  explicit Matcher(std::string_view name) : name_(name) {}

  using Rest = std::function<bool(std::size_t)>;

  bool any(const std::vector<Sequence>& alternatives, std::size_t at, const Rest& rest) {
    for (const Sequence& sequence : alternatives)
      if (pieces(sequence, 0, at, rest)) return true;
    return false;
  }

 private:
  bool pieces(const Sequence& sequence, std::size_t index, std::size_t at, const Rest& rest) {
    if (index == sequence.size()) return rest(at);
    return repeat(sequence[index], 0, at,
                  [&](std::size_t end) { return pieces(sequence, index + 1, end, rest); });
  }

  bool repeat(const Piece& piece, std::size_t times, std::size_t at, const Rest& rest) {
    if (++steps_ > kMaxSteps) return false;
    if (times < piece.most) {
      const bool more = once(piece, at, [&](std::size_t end) {
        // A round that matches nothing would go on for ever.
        if (end == at && times >= piece.least) return false;
        return repeat(piece, times + 1, end, rest);
      });
      if (more) return true;
    }
    return times >= piece.least && rest(at);
  }

  bool once(const Piece& piece, std::size_t at, const Rest& rest) {
    switch (piece.kind) {
      case Piece::Kind::begin:
        return at == 0 && rest(at);
      case Piece::Kind::end:
        return at == name_.size() && rest(at);
      case Piece::Kind::group:
        return any(piece.group, at, rest);
      case Piece::Kind::set:
        break;
    }
    return at < name_.size() && piece.set.test(code(name_[at])) && rest(at + 1);
  }

  std::string_view name_;
  std::size_t steps_ = 0;
};

NamePattern::NamePattern(std::string_view text) : text_(text), alternatives_(Reader(text).read()) {}

bool NamePattern::found_in(std::string_view name) const {
  Matcher matcher(name);
  for (std::size_t at = 0; at <= name.size(); ++at)
    if (matcher.any(alternatives_, at, [](std::size_t) { return true; })) return true;
  return false;
}

}  // namespace glim
