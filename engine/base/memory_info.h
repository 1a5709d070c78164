#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace glim {

/// Memory in bytes as Linux reports it; 0 where it does not.
struct MemoryInfo {
  std::uint64_t resident = 0;   ///< of this process, mapped files included
  std::uint64_t available = 0;  ///< what new allocations may take without swapping
  std::uint64_t total = 0;      ///< of the machine, or what the control group may use where that is less
};

/// Below `root` lie proc and sys. Limits of the process's control group and of those above it count, cached
/// files of the group as free. Sources: proc(5), the kernel's cgroup-v2 and cgroup-v1/memory documentation.
MemoryInfo memory_info(const std::filesystem::path& root = "/");

/// Readings for a screen: the kernel is asked at most four times a second, since one answer takes it a tenth
/// of a millisecond or more. One thread at a time.
class MemoryWatch {
 public:
  const MemoryInfo& reading();

 private:
  MemoryInfo info_;
  std::chrono::steady_clock::time_point taken_;  ///< of the epoch: never
};

}  // namespace glim
