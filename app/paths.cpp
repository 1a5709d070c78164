#include "app/paths.h"

#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <system_error>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

fs::path home() {
  const std::string folder = variable("HOME");
  return folder.empty() ? fs::path("/") : fs::path(folder);
}

struct FolderRule {
  const char* own;       ///< replaces the whole path
  const char* xdg;       ///< replaces the part before the program's name
  const char* fallback;  ///< below the home folder
};

fs::path folder(const FolderRule& rule) {
  if (const std::string own = variable(rule.own); !own.empty()) return own;
  const std::string base = variable(rule.xdg);
  // The XDG rules say that a relative path in such a variable is to be ignored.
  if (!base.empty() && base.front() == '/') return fs::path(base) / "glim";
  return home() / rule.fallback / "glim";
}

fs::path installed_folder() {
  if (const std::string own = variable("GLIM_DATA_DIR"); !own.empty()) return own;
  std::error_code ignored;
  for (const char* place : {GLIM_CONFIGS_DIR, "/usr/local/share/glim", "/usr/share/glim"})
    if (fs::exists(fs::path(place) / "profiles.toml", ignored)) return place;
  return "/usr/share/glim";
}

}  // namespace

Paths paths_from_environment() {
  Paths paths;
  paths.config = folder({"GLIM_CONFIG_HOME", "XDG_CONFIG_HOME", ".config"});
  paths.data = folder({"GLIM_DATA_HOME", "XDG_DATA_HOME", ".local/share"});
  paths.state = folder({"GLIM_STATE_HOME", "XDG_STATE_HOME", ".local/state"});
  paths.cache = folder({"GLIM_CACHE_HOME", "XDG_CACHE_HOME", ".cache"});
  paths.installed = installed_folder();
  return paths;
}

void create_private_folder(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  if (path.has_parent_path() && path.parent_path() != path) {
    fs::create_directories(path.parent_path(), error);
  }
  if (::mkdir(path.c_str(), 0700) != 0 && !fs::is_directory(path, error))
    throw Error(ErrorCode::E701,
                strf("%s: cannot create the folder; check the permissions of the folder above it",
                     printable(path.string()).c_str()));
}

}  // namespace glim::app
