#include "app/eval/text_checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/utf8.h"

namespace glim::app {
namespace {

constexpr std::size_t kRefusalCharacters = 200;
constexpr std::size_t kLongestTag = 64;

constexpr std::array<std::string_view, 4> kTags = {"<think>", "</think>", "[gMASK]", "<sop>"};

// Kept short on purpose: each is the core of a sentence that declines, not a word that also occurs in help.
constexpr std::array<std::string_view, 22> kRefusals = {
    "i can't help",    "i cannot help",         "i can't assist", "i cannot assist",
    "i can't provide", "i cannot provide",      "i can't answer", "i cannot answer",
    "i can't write",   "i cannot write",        "i won't",        "i will not",
    "i'm sorry, but",  "i am sorry, but",       "i must decline", "i have to decline",
    "i'm not able to", "i am not able to",      "i'm unable to",  "i am unable to",
    "not comfortable", "against my guidelines",
};

bool is_letter_or_digit(char c) {
  // Bytes above ASCII belong to letters of other scripts.
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Bytes of the first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += utf8_next(text.substr(at)).length;
  return text.substr(0, at);
}

/// Length of the number at the start of the text, thousands separators included: "1,234.5" is 7.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  const auto group = [&](std::size_t from) {
    return from + 3 < text.size() && text[from] == ',' && is_digit(text[from + 1]) &&
           is_digit(text[from + 2]) && is_digit(text[from + 3]) &&
           (from + 4 >= text.size() || !is_digit(text[from + 4]));
  };
  if (at <= 3)
    while (group(at)) at += 4;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
  }
  return at;
}

}  // namespace

double printable_share(std::string_view text) {
  std::size_t all = 0, good = 0;
  while (!text.empty()) {
    const Utf8Char next = utf8_next(text);
    const bool control = (next.code < 0x20 && next.code != '\n' && next.code != '\t') ||
                         (next.code >= 0x7f && next.code < 0xa0);
    ++all;
    if (next.valid && !control && next.code != 0xfffd) ++good;
    text.remove_prefix(next.length);
  }
  return all == 0 ? 1 : static_cast<double>(good) / static_cast<double>(all);
}

std::size_t most_repeats(std::span<const TokenId> tokens, std::size_t length) {
  std::map<std::vector<TokenId>, std::size_t> counts;
  std::size_t most = 0;
  for (std::size_t i = 0; i + length <= tokens.size(); ++i) {
    const auto run = tokens.subspan(i, length);
    most = std::max(most, ++counts[{run.begin(), run.end()}]);
  }
  return most;
}

double distinct_share(std::span<const TokenId> tokens) {
  if (tokens.empty()) return 1;
  const std::set<TokenId> different(tokens.begin(), tokens.end());
  return static_cast<double>(different.size()) / static_cast<double>(tokens.size());
}

std::string leaked_tag(std::string_view text) {
  for (const std::string_view tag : kTags)
    if (text.find(tag) != text.npos) return std::string(tag);
  for (std::size_t open = text.find("<|"); open != text.npos; open = text.find("<|", open + 2)) {
    const std::size_t close = text.find("|>", open + 2);
    if (close == text.npos) break;
    const std::string_view inside = text.substr(open + 2, close - open - 2);
    if (!inside.empty() && inside.size() <= kLongestTag && inside.find_first_of("<>| \n") == inside.npos)
      return std::string(text.substr(open, close + 2 - open));
  }
  return {};
}

std::string folded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Char next = utf8_next(text);
    if (next.code == 0x2019) {
      out += '\'';
    } else {
      for (const char c : text.substr(0, next.length))
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    text.remove_prefix(next.length);
  }
  return out;
}

std::string refusal_phrase(std::string_view text) {
  const std::string beginning = folded(first_characters(text, kRefusalCharacters));
  for (const std::string_view phrase : kRefusals)
    if (beginning.find(phrase) != beginning.npos) return std::string(phrase);
  return {};
}

bool has_word(std::string_view text, std::string_view word) {
  const std::string where = folded(text), what = folded(word);
  for (std::size_t at = where.find(what); at != where.npos; at = where.find(what, at + 1)) {
    const bool begins = at == 0 || !is_letter_or_digit(where[at - 1]);
    const std::size_t end = at + what.size();
    if (begins && (end == where.size() || !is_letter_or_digit(where[end]))) return true;
  }
  return false;
}

bool has_any_word(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return has_word(text, word); });
}

bool has_number(std::string_view text, double value) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const std::size_t length = number_length(text.substr(at));
    std::string digits(text.substr(at, length));
    digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
    double found = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), found);
    if (std::fabs(found - value) < 1e-9) return true;
    at += length;
  }
  return false;
}

std::optional<std::string> code_block_with(std::string_view text, std::string_view marker) {
  constexpr std::string_view kFence = "```";
  for (std::size_t open = text.find(kFence); open != text.npos;) {
    const std::size_t begin = text.find('\n', open);
    if (begin == text.npos) return std::nullopt;
    std::size_t close = text.find("\n```", begin);
    const std::string_view block = text.substr(begin + 1, close == text.npos ? text.npos : close - begin);
    if (block.find(marker) != block.npos) return std::string(block);
    if (close == text.npos) return std::nullopt;
    open = text.find(kFence, close + 1 + kFence.size());
  }
  return std::nullopt;
}

}  // namespace glim::app
