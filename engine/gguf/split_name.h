#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace glim {

/// The name of one file of a split set: PREFIX-00001-of-00003.gguf, numbered from 1.
struct SplitName {
  std::filesystem::path prefix;  ///< with the folder
  std::int64_t number;
  std::int64_t count;

  static std::optional<SplitName> parse(const std::filesystem::path& path);
  std::filesystem::path path(std::int64_t part_number) const;
};

}  // namespace glim
