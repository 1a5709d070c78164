#include "app/spark_cache.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>

#include "app/paths.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/quantize/quantizer.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

constexpr int kMostThreads = 16;

/// FNV-1a over eight bytes at a time, so that a model that has been trained further is noticed.
std::uint64_t fingerprint(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof hash) {
    std::uint64_t word = 0;
    std::copy_n(bytes.data() + at, std::min(sizeof word, bytes.size() - at),
                reinterpret_cast<std::byte*>(&word));
    hash = (hash ^ word) * 0x100000001b3u;
  }
  return hash ^ (hash >> 32);
}

/// Files of the same type that were made from an older source.
void remove_outdated(const fs::path& folder, const std::string& prefix, const fs::path& current) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (name.starts_with(prefix) && name.size() == current.filename().string().size() &&
        it->path() != current)
      fs::remove(it->path(), ignored);
  }
}

}  // namespace

bool spark_comes_in(const FileType& type) {
  return !type.needs_importance;
}

fs::path spark_in_type(const fs::path& source, std::string_view type, const fs::path& cache) {
  const FileType& file_type = file_type_named(type, "spark:" + std::string(type));
  if (file_type.name == "BF16") return source;
  if (!spark_comes_in(file_type)) {
    throw Error(ErrorCode::E501,
                strf("spark:%s: this type needs an importance matrix; use glim quantize spark OUT "
                     "%s --imatrix FILE, or a larger type",
                     printable(type, 40).c_str(), std::string(file_type.name).c_str()));
  }
  const GgufFile file(source);
  const std::string prefix = "spark-" + std::string(file_type.name) + "-";
  const fs::path folder = cache / "gguf";
  const fs::path path =
      folder /
      (prefix + strf("%016llx.gguf", static_cast<unsigned long long>(fingerprint(file.part(0).bytes()))));
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  create_private_folder(folder);
  QuantizeOptions options;
  options.recipe.file_type = &file_type;
  options.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
  quantize_file(file, path, options, [](const QuantizeProgress&) { return true; });
  remove_outdated(folder, prefix, path);
  return path;
}

}  // namespace glim::app
