#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/token.h"

namespace glim::app {

// What the scenario suites look for in a reply: plain properties of its text and tokens, each decided without
// a model.

/// Characters that can be read, as a share of all: valid UTF-8, no controls but newline and tab, no U+FFFD.
/// 1 for an empty text.
double printable_share(std::string_view text);

/// How often the most frequent run of `length` tokens occurs.
std::size_t most_repeats(std::span<const TokenId> tokens, std::size_t length);

/// Different tokens as a share of all; 1 when there are none.
double distinct_share(std::span<const TokenId> tokens);

/// The first tag of a chat format in the text: <think>, </think>, [gMASK], <sop>, <|...|>. Empty: none.
std::string leaked_tag(std::string_view text);

/// The phrase by which the first 200 characters refuse, in lower case. Empty: none.
std::string refusal_phrase(std::string_view text);

/// Whether the word stands in the text by itself, in any case (ASCII).
bool has_word(std::string_view text, std::string_view word);
bool has_any_word(std::string_view text, std::span<const std::string_view> words);

/// Whether a number of this value stands in the text: 1,000 and 1000.0 are 1000; 15 is not in 150 or 1.15.
bool has_number(std::string_view text, double value);

/// ASCII letters in lower case, typographic apostrophes as plain ones.
std::string folded(std::string_view text);

/// The source of the first fenced block that contains `marker`; a fence that is never closed ends with the
/// text.
std::optional<std::string> code_block_with(std::string_view text, std::string_view marker);

}  // namespace glim::app
