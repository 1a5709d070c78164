#include "app/bench/number_list.h"

#include <charconv>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::size_t kMostNumbers = 1000;

[[noreturn]] void refuse(std::string_view word, const NumberRange& range) {
  throw Error(ErrorCode::E501, strf("%s %s: write numbers from %d to %d such as 512, or a range such as "
                                    "128-512, 128-512+128 or 128-512*2",
                                    range.flag, printable(word).c_str(), range.low, range.high));
}

std::int32_t number_from(std::string_view text, std::string_view word, const NumberRange& range) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < range.low || value > range.high)
    refuse(word, range);
  return value;
}

void add_range(std::string_view word, std::size_t dash, const NumberRange& range,
               std::vector<std::int32_t>& out) {
  const std::int64_t first = number_from(word.substr(0, dash), word, range);
  std::string_view rest = word.substr(dash + 1);
  const std::size_t sign = rest.find_first_of("+*");
  const std::int64_t last = number_from(rest.substr(0, sign), word, range);
  std::int64_t step = 1;
  const bool multiplies = sign != rest.npos && rest[sign] == '*';
  if (sign != rest.npos) step = number_from(rest.substr(sign + 1), word, {range.flag, 1, range.high});
  if (last < first || (multiplies && (step < 2 || first < 1))) refuse(word, range);
  for (std::int64_t value = first; value <= last; value = multiplies ? value * step : value + step) {
    out.push_back(static_cast<std::int32_t>(value));
    if (out.size() > kMostNumbers)
      throw Error(ErrorCode::E501, strf("%s %s: more than %zu numbers; give a larger step", range.flag,
                                        printable(word).c_str(), kMostNumbers));
  }
}

}  // namespace

std::vector<std::int32_t> numbers_from(std::span<const std::string> words, const NumberRange& range) {
  std::vector<std::int32_t> out;
  for (const std::string& list : words)
    for (const std::string& word : split_words(list, ',')) {
      const std::size_t dash = word.find('-', 1);
      if (dash != word.npos)
        add_range(word, dash, range, out);
      else
        out.push_back(number_from(word, word, range));
    }
  return out;
}

std::vector<std::pair<std::int32_t, std::int32_t>> pairs_from(std::span<const std::string> words,
                                                              const NumberRange& range) {
  std::vector<std::pair<std::int32_t, std::int32_t>> out;
  for (const std::string& word : words) {
    const std::vector<std::string> parts = split_words(word, ',');
    if (parts.size() != 2)
      throw Error(ErrorCode::E501, strf("%s %s: write a prompt and an answer length such as 512,128",
                                        range.flag, printable(word).c_str()));
    out.emplace_back(number_from(parts[0], word, range), number_from(parts[1], word, range));
    if (out.back().first + std::int64_t{out.back().second} == 0) refuse(word, range);
  }
  return out;
}

}  // namespace glim::app
