#pragma once

#include <cstdint>

namespace glim {

/// Memory in bytes as Linux reports it under /proc; 0 where it does not.
struct MemoryInfo {
  std::uint64_t resident = 0;   ///< of this process, mapped files included
  std::uint64_t available = 0;  ///< what new allocations may take without swapping
  std::uint64_t total = 0;      ///< of the machine
};

MemoryInfo memory_info();

}  // namespace glim
