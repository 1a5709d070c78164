#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

enum class TokenKind {
  text,
  block_begin,
  block_end,
  print_begin,
  print_end,
  name,
  string,
  integer,
  real,
  symbol,
  end
};

struct Token {
  TokenKind kind;
  std::string_view text;  ///< part of the source; of a string without its quotes
  Place place;
};

/// Line breaks become "\n" and one at the end is dropped.
std::string normalised_source(std::string_view source);

/// Cuts a template into tokens with the whitespace rules trim_blocks and lstrip_blocks. `source` is
/// normalised and outlives the tokens. Throws E402 with the place of what cannot be read.
std::vector<Token> tokenize(std::string_view source);

/// What the escapes in a string literal stand for.
std::string unescaped(std::string_view literal);

}  // namespace glim::jinja
