#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/compare/comparison.h"

namespace glim::app {

/// A run of elements that both sequences share, or that differ. Runs cover both sequences in order; two that
/// differ never follow each other.
struct DiffRun {
  bool same = true;
  std::size_t old_first = 0, old_count = 0, new_first = 0, new_count = 0;
};

/// The shortest edit from one sequence to the other (Myers, An O(ND) Difference Algorithm, 1986). When they
/// have little in common, what lies between their common ends is given as one difference.
std::vector<DiffRun> diff_ids(const std::vector<std::int32_t>& old_ids,
                              const std::vector<std::int32_t>& new_ids);

/// A word and the bytes where it stands; blanks and line ends between words do not count.
struct WordSpan {
  std::size_t first = 0, size = 0;
};
std::vector<WordSpan> words_of(std::string_view text);

struct WordDiff {
  std::vector<WordSpan> old_words, new_words;
  std::vector<DiffRun> runs;  ///< over the words
};
WordDiff diff_words(std::string_view old_text, std::string_view new_text);

/// Over the token ids of two answers.
std::vector<DiffRun> diff_tokens(const std::vector<AnswerToken>& old_tokens,
                                 const std::vector<AnswerToken>& new_tokens);

/// `new_text` with its differences from `old_text` as [old→new], [old→] for what is gone and [→new] for what
/// came.
std::string marked_diff(std::string_view old_text, std::string_view new_text);

}  // namespace glim::app
