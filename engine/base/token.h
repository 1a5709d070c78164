#pragma once

#include <cstdint>

namespace glim {

/// Row of the vocabulary, from 0. Negative values stand for no token.
using TokenId = std::int32_t;

}  // namespace glim
