#include "engine/base/memory_info.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace glim {
namespace {

namespace fs = std::filesystem;

/// The number in a file of one word; none for "max" and for files that are not there.
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

/// Sum of the values of some keys in a file of lines "key value".
std::uint64_t sum_of(const fs::path& path, std::string_view first, std::string_view second) {
  std::ifstream file(path);
  std::uint64_t sum = 0, value = 0;
  for (std::string key; file >> key >> value;)
    if (key == first || key == second) sum += value;
  return sum;
}

/// How the two versions of control groups name things.
struct Version {
  const char* mount;
  const char *limit, *second_limit, *usage;
  std::string_view active, inactive;
};
constexpr Version kV2 = {"sys/fs/cgroup",  "memory.max",  "memory.high",
                         "memory.current", "active_file", "inactive_file"};
constexpr Version kV1 = {"sys/fs/cgroup/memory",  "memory.limit_in_bytes", "memory.limit_in_bytes",
                         "memory.usage_in_bytes", "total_active_file",     "total_inactive_file"};

void apply_limits(MemoryInfo& info, const fs::path& group, const Version& version) {
  for (const char* name : {version.limit, version.second_limit}) {
    const std::optional<std::uint64_t> limit = number_in(group / name);
    const std::optional<std::uint64_t> usage = number_in(group / version.usage);
    if (!limit || !usage) continue;
    const std::uint64_t cached =
        std::min(*usage, sum_of(group / "memory.stat", version.active, version.inactive));
    const std::uint64_t held = *usage - cached;
    info.total = std::min(info.total, *limit);
    info.available = std::min(info.available, *limit - std::min(*limit, held));
  }
}

/// The group and all above it; inside a container the path may be the host's, of which nothing is to be seen.
void apply_groups(MemoryInfo& info, const fs::path& root, std::string path, const Version& version) {
  for (;;) {
    apply_limits(info, root / version.mount / path, version);
    if (path.empty()) return;
    const std::size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
}

/// Lines are "0::/path" (version 2) and "N:controllers:/path" (version 1).
void apply_control_groups(MemoryInfo& info, const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    path.erase(0, path.find_first_not_of('/'));
    if (controllers == ",,") {
      apply_groups(info, root, path, kV2);
    } else if (controllers.find(",memory,") != std::string::npos) {
      apply_groups(info, root, path, kV1);
    }
  }
}

}  // namespace

MemoryInfo memory_info(const fs::path& root) {
  MemoryInfo info;
  std::uint64_t pages = 0, resident = 0, kib = 0;
  if (std::ifstream file(root / "proc/self/statm"); file >> pages >> resident)
    info.resident = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream file(root / "proc/meminfo");
  for (std::string key, unit; file >> key >> kib && std::getline(file, unit);) {
    if (key == "MemTotal:") info.total = kib * 1024;
    if (key == "MemAvailable:") info.available = kib * 1024;
  }
  if (info.total > 0) apply_control_groups(info, root);
  return info;
}

const MemoryInfo& MemoryWatch::reading() {
  const auto now = std::chrono::steady_clock::now();
  if (taken_ == decltype(taken_){} || now - taken_ >= std::chrono::milliseconds(250)) {
    info_ = memory_info();
    taken_ = now;
  }
  return info_;
}

}  // namespace glim
