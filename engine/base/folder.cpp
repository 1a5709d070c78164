#include "engine/base/folder.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace glim {

std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder,
                                                  std::string_view extension) {
  std::vector<std::filesystem::path> out;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (extension.empty() || it->path().extension() == extension) out.push_back(it->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::filesystem::path cache_folder() {
  const char* own = std::getenv("GLIM_CACHE_HOME");
  if (own != nullptr && *own != '\0') return own;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::filesystem::path(cache) / "glim";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::filesystem::path(home) / ".cache" / "glim"
                                         : std::filesystem::path();
}

}  // namespace glim
