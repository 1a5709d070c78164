#pragma once

#include <filesystem>

namespace glim::app {

/// Folders of the XDG base directory rules with the program's name behind them. Each has an environment
/// variable that replaces it whole (GLIM_CONFIG_HOME, GLIM_DATA_HOME, GLIM_STATE_HOME, GLIM_CACHE_HOME).
/// Nothing is created here.
struct Paths {
  std::filesystem::path config;     ///< profiles.toml, profiles.d/, config.toml
  std::filesystem::path data;       ///< what the user made
  std::filesystem::path state;      ///< history
  std::filesystem::path cache;      ///< what can be made again
  std::filesystem::path installed;  ///< what came with the program: profiles.toml, spark/ (GLIM_DATA_DIR)
};

Paths paths_from_environment();

/// Creates `folder` and its parents for this user alone (0700). Throws E701.
void create_private_folder(const std::filesystem::path& folder);

}  // namespace glim::app
