#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace glim {

/// Paths of what lies in a folder, with that extension (".gguf") if one is named, in ascending order; nothing
/// where the folder cannot be read.
std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder,
                                                  std::string_view extension = {});

}  // namespace glim
