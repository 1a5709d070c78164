#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/gguf/byte_cursor.h"
#include "engine/gguf/gguf_file.h"

namespace glim {

/// Reads `count` keys with their values. Throws E104, E105.
std::vector<std::pair<std::string_view, GgufValue>> read_metadata(ByteCursor& cursor, std::uint64_t count);

}  // namespace glim
