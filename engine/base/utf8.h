#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace glim {

/// One decoded code point. An ill-formed sequence has `valid` false, code U+FFFD and the length of its
/// maximal well-formed prefix (at least 1), as Unicode 15 §3.9 recommends for replacement.
struct Utf8Char {
  char32_t code;
  std::size_t length;  ///< bytes
  bool valid;
};

/// Decodes the code point at the start of `text`, which must not be empty.
Utf8Char utf8_next(std::string_view text);

bool is_utf8(std::string_view text);

void utf8_append(std::string& out, char32_t code);

/// Number of bytes at the end of `text` (0 to 3) that begin a well-formed character which is not complete
/// yet.
std::size_t utf8_incomplete_tail(std::string_view text);

}  // namespace glim
