#pragma once

#include <bitset>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace glim {

/// A regular expression over tensor names: letters, . [a-z] [^a-z] \d ( ) | * + ? ^ $, and \ before a
/// character that is meant as itself. It matches when it is found anywhere in a name, as in the tools that
/// recipes are passed around for. Patterns are case-sensitive and short; matching backtracks.
class NamePattern {
 public:
  /// Throws E501 saying what is wrong at which place.
  explicit NamePattern(std::string_view text);

  bool found_in(std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  struct Piece;
  using Sequence = std::vector<Piece>;
  using Set = std::bitset<256>;
  /// One thing to match and how often: a set of characters, a group of alternatives, or an end of the name.
  struct Piece {
    enum class Kind : unsigned char { set, group, begin, end } kind = Kind::set;
    Set set;
    std::vector<Sequence> group;
    std::size_t least = 1, most = 1;
  };
  class Reader;
  class Matcher;

  std::string text_;
  std::vector<Sequence> alternatives_;
};

}  // namespace glim
