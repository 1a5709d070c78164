#include "app/compare/expect.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <regex>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::size_t kLongestPattern = 1000, kLongestAnswer = 100'000;
constexpr std::string_view kPlusMinus = "\u00b1";

/// Patterns come from files: the library's other matcher takes exponential time and deep recursion for some.
std::regex compile(const std::string& pattern) {
  return std::regex(pattern,
                    std::regex::ECMAScript | std::regex::nosubs | std::regex_constants::__polynomial);
}

/// In one pass: the library's own search begins anew at every character.
bool found_in(std::string_view text, const std::string& pattern) {
  const std::regex anywhere = compile("[\\s\\S]*?(?:" + pattern + ")");
  return std::regex_search(text.begin(), text.end(), anywhere, std::regex_constants::match_continuous);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<double> number_of(std::string_view text) {
  const std::string copy(trimmed(text));
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (copy.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

Expectation regex_of(const std::string& pattern, const std::string& place) {
  if (pattern.size() > kLongestPattern)
    throw Error(ErrorCode::E501, strf("%s: the pattern has %zu bytes; at most %zu are allowed", place.c_str(),
                                      pattern.size(), kLongestPattern));
  try {
    compile(pattern);
  } catch (const std::regex_error&) {
    throw Error(ErrorCode::E501, place + ": \"" + printable(pattern, 60) + "\" is no regular expression");
  }
  return {.kind = Expectation::Kind::regex, .text = pattern};
}

Expectation number_expected(double number, double tolerance) {
  return {.kind = Expectation::Kind::number, .number = number, .tolerance = std::abs(tolerance)};
}

Expectation from_text(const std::string& text, const std::string& place) {
  if (text.size() > 2 && text.front() == '/' && text.back() == '/')
    return regex_of(text.substr(1, text.size() - 2), place);
  if (const std::size_t sign = text.find(kPlusMinus); sign != text.npos) {
    const auto number = number_of(std::string_view(text).substr(0, sign));
    const auto tolerance = number_of(std::string_view(text).substr(sign + kPlusMinus.size()));
    if (number && tolerance) return number_expected(*number, *tolerance);
  }
  return {.kind = Expectation::Kind::exact, .text = text};
}

Expectation from_object(const Json& value, const std::string& place) {
  const auto wrong = [&](const char* what) { return Error(ErrorCode::E501, place + ": " + what); };
  if (value.contains("regex")) {
    if (!value["regex"].is_string()) throw wrong("\"regex\" must be a string");
    return regex_of(value["regex"].get<std::string>(), place);
  }
  if (value.contains("exact")) {
    if (!value["exact"].is_string()) throw wrong("\"exact\" must be a string");
    return {.kind = Expectation::Kind::exact, .text = value["exact"].get<std::string>()};
  }
  if (value.contains("number")) {
    const Json tolerance = value.value("tolerance", Json(0));
    if (!value["number"].is_number() || !tolerance.is_number())
      throw wrong("\"number\" and \"tolerance\" must be numbers");
    return number_expected(value["number"].get<double>(), tolerance.get<double>());
  }
  if (!value.contains("json"))
    throw wrong("\"expect\" has none of \"regex\", \"exact\", \"number\", \"json\"");
  Expectation out{.kind = Expectation::Kind::json_keys};
  if (!value["json"].is_array()) throw wrong("\"json\" must be an array of keys");
  for (const Json& key : value["json"]) {
    if (!key.is_string()) throw wrong("\"json\" must be an array of keys");
    out.keys.push_back(key.get<std::string>());
  }
  return out;
}

std::optional<double> last_number(std::string_view text) {
  std::optional<double> last;
  for (std::size_t at = 0; at < text.size();) {
    const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
    if (!digit(at)) {
      ++at;
      continue;
    }
    const bool minus = at > 0 && text[at - 1] == '-' && (at == 1 || !digit(at - 2));
    std::string number = minus ? "-" : "";
    while (digit(at) || (at < text.size() && (text[at] == '.' || text[at] == ',') && digit(at + 1))) {
      if (text[at] != ',') number += text[at];
      ++at;
    }
    last = std::strtod(number.c_str(), nullptr);
  }
  return last;
}

/// The answer without a code fence around it.
std::string_view unfenced(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
  const std::size_t line = text.find('\n');
  if (line == text.npos || line > text.size() - 3) return text;
  return trimmed(text.substr(line + 1, text.size() - line - 4));
}

std::string unmet_keys(const Expectation& expectation, const std::string& answer) {
  const Json value = Json::parse(unfenced(answer), nullptr, false);
  if (!value.is_object()) return "is no JSON object";
  for (const std::string& key : expectation.keys)
    if (!value.contains(key)) return "has no key \"" + key + "\"";
  return {};
}

}  // namespace

Expectation parse_expectation(const Json& value, const std::string& place) {
  if (value.is_null()) return {};
  if (value.is_string()) return from_text(value.get<std::string>(), place);
  if (value.is_number()) return number_expected(value.get<double>(), 0);
  if (value.is_object()) return from_object(value, place);
  throw Error(ErrorCode::E501, place + ": \"expect\" must be a text, a number or an object");
}

std::string unmet(const Expectation& expectation, const std::string& answer) {
  using Kind = Expectation::Kind;
  switch (expectation.kind) {
    case Kind::none:
      return {};
    case Kind::exact:
      return trimmed(answer) == trimmed(expectation.text) ? "" : "is not \"" + expectation.text + "\"";
    case Kind::regex: {
      const std::string_view text = std::string_view(answer).substr(0, kLongestAnswer);
      const bool found = found_in(text, expectation.text);
      return found ? "" : "does not match /" + expectation.text + "/";
    }
    case Kind::number: {
      const auto number = last_number(answer);
      if (!number) return "has no number";
      if (std::abs(*number - expectation.number) <= expectation.tolerance) return {};
      return strf("says %g instead of %g", *number, expectation.number);
    }
    case Kind::json_keys:
      return unmet_keys(expectation, answer);
  }
  return {};
}

}  // namespace glim::app
