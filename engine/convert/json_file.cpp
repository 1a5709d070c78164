#include "engine/convert/json_file.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file_map.h"
#include "engine/base/text.h"

namespace glim {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::E120, printable(path.string()) + ": " + what);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string_view text_of(const FileMap& map, std::uint64_t limit) {
  const auto bytes = map.bytes();
  if (bytes.size() > limit)
    fail(map.path(), strf("%zu bytes are more than such a file can have (%llu); fetch it again", bytes.size(),
                          static_cast<unsigned long long>(limit)));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Json read_json_file(const fs::path& path) {
  const FileMap map(path);
  const std::string_view text = text_of(map, JsonLimits::bytes);
  const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > JsonLimits::depth)
      fail(path, strf("values are nested deeper than %d levels; the file is damaged or malicious",
                      JsonLimits::depth));
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check_depth);
  } catch (const Json::parse_error& error) {
    fail(path, strf("no JSON from byte %zu on; the file is damaged, fetch it again", error.byte));
  }
}

std::optional<Json> find_json_file(const fs::path& path) {
  if (!is_there(path)) return std::nullopt;
  return read_json_file(path);
}

std::optional<std::string> find_text_file(const fs::path& path, std::uint64_t limit) {
  if (!is_there(path)) return std::nullopt;
  const FileMap map(path);
  return std::string(text_of(map, limit));
}

}  // namespace glim
