#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace glim {

/// Paths of what lies in a folder, with that extension (".gguf") if one is named, in ascending order; nothing
/// where the folder cannot be read.
std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder,
                                                  std::string_view extension = {});

/// Where what can be made again is kept: GLIM_CACHE_HOME, else glim in the user's cache folder; empty without
/// a home. Nothing is created.
std::filesystem::path cache_folder();

}  // namespace glim
