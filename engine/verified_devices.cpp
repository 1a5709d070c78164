#include "engine/verified_devices.h"

#include <filesystem>
#include <string>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/fnv.h"
#include "engine/base/folder.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"

namespace glim {
namespace {

namespace fs = std::filesystem;

fs::path mark_of(const DeviceReport& device) {
  const std::string what = device.name + "\n" + device.driver + "\n" + device.uuid;
  return cache_folder() /
         strf("verified-%016llx", static_cast<unsigned long long>(fnv1a(what, shader_hash())));
}

}  // namespace

bool is_verified(const DeviceReport& device) {
  std::error_code ignored;
  return fs::exists(mark_of(device), ignored);
}

void set_verified(const DeviceReport& device, bool right) {
  const fs::path mark = mark_of(device);
  std::error_code error;
  if (!right) {
    fs::remove(mark, error);
    return;
  }
  fs::create_directories(mark.parent_path(), error);  // a lack of it is told by the next line
  NewFile(mark).give_name();
}

}  // namespace glim
