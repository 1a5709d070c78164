#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace glim {

/// What memory of a model is for.
enum class MemoryUse : std::uint8_t { weights, cache, scratch };

struct MemoryBytes {
  std::uint64_t weights = 0, cache = 0, scratch = 0;
  std::uint64_t total() const { return weights + cache + scratch; }
  friend MemoryBytes operator+(const MemoryBytes& a, const MemoryBytes& b) {
    return {a.weights + b.weights, a.cache + b.cache, a.scratch + b.scratch};
  }
};

/// Counts bytes that are in use. Any thread.
class MemoryMeter {
 public:
  void add(MemoryUse use, std::uint64_t bytes) { counter(use) += bytes; }
  void remove(MemoryUse use, std::uint64_t bytes) { counter(use) -= bytes; }
  MemoryBytes bytes() const { return {counters_[0], counters_[1], counters_[2]}; }

 private:
  std::atomic<std::uint64_t>& counter(MemoryUse use) { return counters_[static_cast<std::size_t>(use)]; }

  std::array<std::atomic<std::uint64_t>, 3> counters_ = {};
};

}  // namespace glim
