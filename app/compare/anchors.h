#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace glim::app {

/// Where a sentence begins: its block (paragraph, list entry, line of code) and its number in there.
struct TextAnchor {
  std::int32_t block = 0, sentence = 0;
  std::size_t at = 0;  ///< byte
};

/// The beginnings of all sentences, in order; the first is at the first character that is no blank.
std::vector<TextAnchor> text_anchors(std::string_view text);

/// The byte in another text that belongs to byte `at` of this one: the beginning of the same sentence of the
/// same block, of the last one before it when there is none. Both are those of text_anchors(); 0 without any.
std::size_t matching_place(const std::vector<TextAnchor>& here, std::size_t at,
                           const std::vector<TextAnchor>& there);

}  // namespace glim::app
