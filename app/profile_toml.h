#pragma once

#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "app/profile.h"

namespace glim::app {

/// One [profile.NAME] table as it is written, nothing inherited yet.
struct ProfileEntry {
  std::string name;
  std::string place;  ///< "profiles.toml:13"
  Settings settings;  ///< keys in full: "context.ctx"
  std::vector<std::string> inherits;
  std::vector<std::string> unset;
};

struct ProfileFile {
  std::optional<std::string> default_name;
  Settings defaults;
  std::vector<ProfileEntry> profiles;  ///< in the order of the file
};

/// Every key is known and every value is of the right type and in range, or this throws: E601 (syntax,
/// layout), E602 (unknown key), E603 (value), each with the file, the line and the place in it. Relative
/// paths of models, templates and system prompts become relative to the file's folder.
ProfileFile parse_profiles(std::istream& text, const std::filesystem::path& file);
ProfileFile read_profiles(const std::filesystem::path& file);  ///< E601 when the file cannot be read

/// Any TOML text as JSON; dates become null. Throws E601. `file` begins the places in messages.
Json parse_toml(std::istream& text, const std::filesystem::path& file);

/// The folders of "dirs" in [models] of config.toml, expanded; none when there is no such file. Throws
/// E601-E603.
std::vector<std::filesystem::path> read_model_folders(const std::filesystem::path& file);

}  // namespace glim::app
