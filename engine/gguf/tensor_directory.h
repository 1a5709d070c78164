#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// Where a directory stands.
struct DirectoryPlace {
  std::span<const std::byte> file;
  std::uint64_t alignment;                ///< of the data section and its tensors; a power of two
  std::optional<std::int64_t> file_type;  ///< general.file_type of the model
};

/// Reads `count` rows of the tensor directory at the cursor and places them in the data section, which begins
/// at the next multiple of the alignment. Throws E104, E105, E111.
TensorDirectory read_tensors(ByteCursor& cursor, std::uint64_t count, const DirectoryPlace& place);

}  // namespace glim
