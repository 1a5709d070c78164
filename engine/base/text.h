#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glim {

/// printf into a std::string. Throws nothing but std::bad_alloc.
[[gnu::format(printf, 1, 2)]] std::string strf(const char* format, ...);

/// Text from a file, a model or a tool made safe for one line of a message: control characters, bytes that
/// are no UTF-8 and bidirectional controls become visible escapes such as \x1b; cut after `limit` bytes with
/// "...".
std::string printable(std::string_view text, std::size_t limit = 200);

/// The parts of `list` between separators, empty ones included: "a,b" is {"a", "b"}, "" is {""}.
std::vector<std::string> split_words(std::string_view list, char separator);

/// Letters to insert, delete, replace or swap with their neighbour that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate closest to `word` by edit distance, or empty when none is near enough to suggest.
/// `candidates` is any range of things convertible to std::string_view.
template <typename Range>
std::string_view nearest(std::string_view word, const Range& candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace glim
