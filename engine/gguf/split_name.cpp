#include "engine/gguf/split_name.h"

#include <string_view>

#include "engine/base/text.h"

namespace glim {
namespace {

/// Five digits as a number.
std::optional<std::int64_t> five_digits(std::string_view text) {
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<SplitName> SplitName::parse(const std::filesystem::path& path) {
  constexpr std::string_view kPattern = "-00000-of-00000.gguf";
  const std::string name = path.filename().string();
  if (name.size() < kPattern.size()) return std::nullopt;
  const std::string_view tail = std::string_view(name).substr(name.size() - kPattern.size());
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || tail.substr(15) != ".gguf") return std::nullopt;
  const std::optional<std::int64_t> number = five_digits(tail.substr(1, 5)),
                                    count = five_digits(tail.substr(10, 5));
  if (!number || !count) return std::nullopt;
  return SplitName{path.parent_path() / name.substr(0, name.size() - kPattern.size()), *number, *count};
}

std::filesystem::path SplitName::path(std::int64_t part_number) const {
  return prefix.string() +
         strf("-%05lld-of-%05lld.gguf", static_cast<long long>(part_number), static_cast<long long>(count));
}

}  // namespace glim
