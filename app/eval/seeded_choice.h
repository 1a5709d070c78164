#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <set>
#include <vector>

// Choices at random that come out as those of other programs do, so that the same questions are asked.

namespace glim::app {

/// The MT19937 of the C++ standard with seed 1, and the two ways in which llama-perplexity takes tasks by it.
class LlamaChooser {
 public:
  /// `count` of `total` indices, each drawn from those that are left and taken out in their place. The
  /// bounded number is Lemire's ("Fast random integer generation in an interval", 2019), as libstdc++ has it.
  std::vector<std::size_t> in_order(std::size_t total, std::size_t count) {
    std::vector<std::size_t> left = numbered(total), out;
    for (std::size_t i = 0; i < count; ++i) {
      const auto at =
          left.begin() + static_cast<std::ptrdiff_t>(below(static_cast<std::uint32_t>(left.size())));
      out.push_back(*at);
      left.erase(at);
    }
    return out;
  }

  /// The same, scaled in f32, the last one left taking the place of the one that was taken.
  std::vector<std::size_t> by_swap(std::size_t total, std::size_t count) {
    constexpr float kScale = 1.0f / (1.0f + static_cast<float>(std::mt19937::max()));
    std::vector<std::size_t> left = numbered(total), out;
    for (std::size_t i = 0; i < count; ++i) {
      const float drawn = kScale * static_cast<float>(random_()) * static_cast<float>(left.size());
      const std::size_t at = std::min(static_cast<std::size_t>(drawn), left.size() - 1);
      out.push_back(left[at]);
      left[at] = left.back();
      left.pop_back();
    }
    return out;
  }

 private:
  static std::vector<std::size_t> numbered(std::size_t total) {
    std::vector<std::size_t> out(total);
    std::iota(out.begin(), out.end(), std::size_t{0});
    return out;
  }

  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{static_cast<std::uint32_t>(random_())} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t threshold = (0u - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold)
        product = std::uint64_t{static_cast<std::uint32_t>(random_())} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  std::mt19937 random_{1};
};

/// random.Random(seed).sample of Python 3: MT19937 seeded by its key array (Matsumoto and Nishimura), numbers
/// below a bound by rejection of the top bits, and samples from a pool or against a set.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed) { start(seed); }

  std::vector<std::size_t> sample(std::size_t total, std::size_t count) {
    std::size_t pool_limit = 21;
    if (count > 5) {
      const double digits = std::ceil(std::log(static_cast<double>(count) * 3) / std::log(4.0));
      pool_limit += static_cast<std::size_t>(std::pow(4.0, digits));
    }
    std::vector<std::size_t> out;
    if (total <= pool_limit) {
      std::vector<std::size_t> pool(total);
      std::iota(pool.begin(), pool.end(), std::size_t{0});
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = below(total - i);
        out.push_back(pool[at]);
        pool[at] = pool[total - i - 1];
      }
      return out;
    }
    std::set<std::size_t> taken;
    while (out.size() < count) {
      const std::size_t at = below(total);
      if (taken.insert(at).second) out.push_back(at);
    }
    return out;
  }

 private:
  static constexpr std::size_t kWords = 624, kMiddle = 397;

  void start(std::uint32_t key) {
    std::uint32_t value = 19650218;
    for (std::size_t i = 0; i < kWords; ++i) {
      words_[i] = value;
      value = 1812433253u * (value ^ (value >> 30)) + static_cast<std::uint32_t>(i + 1);
    }
    std::size_t i = 1;
    const auto step = [&](std::uint32_t factor, auto add) {
      const std::uint32_t before = words_[i - 1];
      words_[i] = add((words_[i] ^ ((before ^ (before >> 30)) * factor)), i);
      if (++i < kWords) return;
      words_[0] = words_[kWords - 1];
      i = 1;
    };
    for (std::size_t k = 0; k < kWords; ++k)
      step(1664525u, [key](std::uint32_t word, std::size_t) { return word + key; });
    for (std::size_t k = 0; k + 1 < kWords; ++k)
      step(1566083941u,
           [](std::uint32_t word, std::size_t at) { return word - static_cast<std::uint32_t>(at); });
    words_[0] = 0x80000000u;
  }

  std::uint32_t next() {
    if (at_ == kWords) {
      for (std::size_t i = 0; i < kWords; ++i) {
        const std::uint32_t both = (words_[i] & 0x80000000u) | (words_[(i + 1) % kWords] & 0x7fffffffu);
        words_[i] = words_[(i + kMiddle) % kWords] ^ (both >> 1) ^ ((both & 1) != 0 ? 0x9908b0dfu : 0);
      }
      at_ = 0;
    }
    std::uint32_t word = words_[at_++];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680u;
    word ^= (word << 15) & 0xefc60000u;
    return word ^ (word >> 18);
  }

  /// `bound` is at least 1 and below 2^32.
  std::size_t below(std::size_t bound) {
    const auto bits = static_cast<unsigned>(std::bit_width(bound));
    for (;;) {
      const std::uint32_t drawn = next() >> (32 - bits);
      if (drawn < bound) return drawn;
    }
  }

  std::array<std::uint32_t, kWords> words_{};
  std::size_t at_ = kWords;
};

}  // namespace glim::app
