#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/text/tokenizer.h"

namespace glim {

/// The token sequences in which a text can appear in a token stream, for samplers that treat it as a border
/// ("sequence breaker"): every token that contains the text, and every token that ends with a beginning of
/// it, followed by the usual encoding of the rest.
std::vector<std::vector<TokenId>> breaker_sequences(const Tokenizer& tokenizer,
                                                    std::span<const std::string> texts);

}  // namespace glim
