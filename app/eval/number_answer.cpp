#include "app/eval/number_answer.h"

#include <algorithm>
#include <cctype>

namespace glim::app {
namespace {

constexpr std::string_view kMark = "#### ";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_number_character(char c) {
  return is_digit(c) || c == '.' || c == ',';
}

/// Length of the run at `at` whose characters are all `wanted`.
template <typename Wanted>
std::size_t run_length(std::string_view text, std::size_t at, const Wanted& wanted) {
  std::size_t end = at;
  while (end < text.size() && wanted(text[end])) ++end;
  return end - at;
}

/// Length of a match of (-?[$0-9.,]{2,})|(-?[0-9]+) at `at`, or 0.
std::size_t flexible_match(std::string_view text, std::size_t at) {
  const std::size_t sign = at < text.size() && text[at] == '-' ? 1 : 0;
  const std::size_t wide =
      run_length(text, at + sign, [](char c) { return is_number_character(c) || c == '$'; });
  if (wide >= 2) return sign + wide;
  const std::size_t digits = run_length(text, at + sign, is_digit);
  return digits > 0 ? sign + digits : 0;
}

std::string plain(std::string_view text) {
  const std::size_t mark = text.rfind(kMark);
  std::string out(mark == text.npos ? text : text.substr(mark + kMark.size()));
  out.erase(std::remove_if(out.begin(), out.end(), [](char c) { return c == ',' || c == '$'; }), out.end());
  if (!out.empty() && out.back() == '.') out.pop_back();
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::string strict_number(std::string_view answer) {
  for (std::size_t mark = answer.find(kMark); mark != answer.npos; mark = answer.find(kMark, mark + 1)) {
    const std::size_t at = mark + kMark.size();
    const std::size_t sign = at < answer.size() && answer[at] == '-' ? 1 : 0;
    const std::size_t length = run_length(answer, at + sign, is_number_character);
    if (length > 0) return std::string(answer.substr(at, sign + length));
  }
  return {};
}

std::string flexible_number(std::string_view answer) {
  std::string out;
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t length = flexible_match(answer, at);
    if (length > 0) out = answer.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool same_number(std::string_view found, std::string_view reference) {
  return !found.empty() && plain(found) == plain(reference);
}

}  // namespace glim::app
