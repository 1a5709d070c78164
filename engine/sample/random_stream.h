#pragma once

#include <cstdint>

namespace glim {

/// Uniform numbers that are a pure function of (seed, index): the SplitMix64 generator read as a
/// counter-based one. Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : start_(mixed(seed)) {}

  /// In [0, 1), with 53 random bits.
  double uniform(std::uint64_t index) const {
    return static_cast<double>(mixed(start_ + (index + 1) * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
  }

 private:
  static constexpr std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::uint64_t start_;
};

}  // namespace glim
