#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/file_map.h"
#include "engine/gguf/gguf_file.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// The headers of one file, checked against the file. Views and data pointers refer to the mapping.
/// Layout: GGUF specification, versions 2 and 3.
struct GgufPart {
  std::uint32_t version = 0;
  std::vector<std::pair<std::string_view, GgufValue>> metadata;  ///< in file order, keys unique
  std::optional<std::int64_t> file_type;                         ///< general.file_type
  std::vector<GgufTensor> tensors;  ///< in file order, names unique, `part` not set
  std::vector<std::string> warnings;
};

/// `file_type` is that of the first part of a split set, for the others, which do not state it. Throws
/// E102-E105, E111. Allocates in proportion to the file's size and never more than the limits below permit.
GgufPart read_part(const FileMap& file, std::optional<std::int64_t> file_type = std::nullopt);

/// Hard limits on what a header may state.
struct GgufLimits {
  static constexpr std::uint64_t keys = 65536;
  static constexpr std::uint64_t tensors = 65536;
  static constexpr std::uint64_t key_bytes = 65535;
  static constexpr std::uint64_t tensor_name_bytes = 63;
  static constexpr std::uint64_t string_bytes = 64ull << 20;
  static constexpr std::uint64_t array_elements = 16ull << 20;
  static constexpr std::uint64_t all_array_elements = 32ull << 20;  ///< of one file together
  static constexpr std::uint64_t tensor_values = 1ull << 48;
  static constexpr std::uint32_t min_alignment = 8;  ///< keeps every weight aligned for its element type
  static constexpr std::uint32_t max_alignment = 65536;
};

}  // namespace glim
