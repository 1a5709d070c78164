#include "engine/base/memory_info.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace glim {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace

MemoryInfo memory_info() {
  MemoryInfo info;
  unsigned long long pages = 0, resident = 0, kib = 0;
  if (const File file(std::fopen("/proc/self/statm", "re")); file) {
    if (std::fscanf(file.get(), "%llu %llu", &pages, &resident) == 2) {
      info.resident = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
  }
  if (const File file(std::fopen("/proc/meminfo", "re")); file) {
    char line[128];
    while (std::fgets(line, sizeof line, file.get()) != nullptr) {
      if (std::sscanf(line, "MemTotal: %llu", &kib) == 1) info.total = kib * 1024;
      if (std::sscanf(line, "MemAvailable: %llu", &kib) == 1) info.available = kib * 1024;
    }
  }
  return info;
}

}  // namespace glim
