#include "engine/base/folder.h"

#include <algorithm>
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

}  // namespace glim
