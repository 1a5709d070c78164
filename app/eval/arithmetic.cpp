#include "app/eval/arithmetic.h"

#include <charconv>
#include <cmath>
#include <string>

namespace glim::app {
namespace {

constexpr int kDeepest = 64;

/// Recursive descent: sum = product {+- product}, product = factor {*/ factor}, factor = -factor | (sum) | n.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<double> whole() {
    const double value = sum();
    if (failed_ || at_ != text_.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  double fail() {
    failed_ = true;
    return 0;
  }

  double sum() {
    double value = product();
    while (!failed_) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        break;
      }
    }
    return value;
  }

  double product() {
    double value = factor();
    while (!failed_) {
      if (take('*')) {
        value *= factor();
      } else if (take('/')) {
        value /= factor();
      } else {
        break;
      }
    }
    return value;
  }

  double factor() {
    if (++depth_ > kDeepest) return fail();
    double value = 0;
    if (take('-')) {
      value = -factor();
    } else if (take('(')) {
      value = sum();
      if (!take(')')) fail();
    } else {
      const char* end = text_.data() + text_.size();
      const auto [rest, error] = std::from_chars(text_.data() + at_, end, value, std::chars_format::fixed);
      if (error != std::errc()) return fail();
      at_ = static_cast<std::size_t>(rest - text_.data());
    }
    --depth_;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

struct Spelling {
  std::string_view written;
  char meant;  ///< 0: dropped
};
constexpr Spelling kSpellings[] = {
    {"\u00d7", '*'}, {"\u00f7", '/'}, {"\u2212", '-'}, {"x", '*'}, {"X", '*'}, {" ", 0}, {",", 0}, {"=", 0},
};

}  // namespace

std::optional<double> arithmetic_value(std::string_view expression) {
  while (!expression.empty() && expression.back() == ' ') expression.remove_suffix(1);
  const std::size_t equals = expression.find('=');
  if (equals != expression.npos && equals + 1 != expression.size()) return std::nullopt;
  std::string plain;
  while (!expression.empty()) {
    const Spelling* found = nullptr;
    for (const Spelling& spelling : kSpellings)
      if (expression.substr(0, spelling.written.size()) == spelling.written) found = &spelling;
    if (found == nullptr) {
      plain += expression.front();
      expression.remove_prefix(1);
      continue;
    }
    if (found->meant != 0) plain += found->meant;
    expression.remove_prefix(found->written.size());
  }
  return Reader(plain).whole();
}

}  // namespace glim::app
