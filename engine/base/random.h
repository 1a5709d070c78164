#pragma once

#include <cmath>
#include <cstdint>

namespace glim {

/// Small, fast, seeded random numbers, the same on every machine. Not for secrets.
/// Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Uniform in [0, bound); `bound` is at least 1 and far below 2^64, so that the bias does not matter.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  /// Normal with mean 0 and deviation 1 (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  std::uint64_t state_;
};

}  // namespace glim
