#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/token.h"

namespace glim {

/// Finds the texts of special tokens in text. The longest token claims its occurrences first, from left to
/// right; shorter ones take what is left. Immutable, callable from any thread.
class SpecialFinder {
 public:
  struct Special {
    std::string_view text;  ///< not empty, lives longer than the finder
    TokenId id;
  };
  struct Found {
    std::size_t begin, length;
    TokenId id;
  };

  explicit SpecialFinder(std::vector<Special> specials);

  /// In order of position, without overlaps.
  std::vector<Found> find(std::string_view text) const;

 private:
  std::vector<std::size_t> occurring(std::string_view text) const;

  std::vector<Special> specials_;  ///< by text
  std::vector<bool> is_start_;     ///< by byte: whether some special begins with it
};

}  // namespace glim
