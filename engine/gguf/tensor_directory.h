#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/gguf/byte_cursor.h"
#include "engine/gguf/gguf_file.h"

namespace glim {

/// The tensors of one file and what was odd about their places.
struct TensorDirectory {
  std::vector<GgufTensor> tensors;
  std::vector<std::string> warnings;
};

/// Reads `count` rows of the tensor directory at the cursor and places them in the data section, which begins
/// at the next multiple of `alignment` (a power of two) in `file`. Throws E104, E105, E111.
TensorDirectory read_tensors(ByteCursor& cursor, std::uint64_t count, std::uint64_t alignment,
                             std::span<const std::byte> file);

}  // namespace glim
