#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/convert/safetensors.h"

namespace glim {

/// A tensor as the header states it. Its name is printable and its shape within the limits; the offsets have
/// been compared with nothing yet.
struct SafeEntry {
  std::string name;
  SafeType type = SafeType::u8;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< in the data area
  std::uint64_t bytes = 0;           ///< that type and shape need
};

/// Reads the JSON of a header, in memory that grows with the number of tensors only. `file` is its printable
/// name for messages. Throws Error E111, E120.
std::vector<SafeEntry> read_safetensors_header(std::string_view json, const std::string& file);

}  // namespace glim
