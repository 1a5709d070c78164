#pragma once

#include <cstdint>
#include <optional>

namespace glim {

/// Arithmetic on sizes that come from files: empty instead of wrapping around.

constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

constexpr std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// The next multiple of `alignment`, which is a power of two.
constexpr std::optional<std::uint64_t> checked_align(std::uint64_t size, std::uint64_t alignment) {
  const std::optional<std::uint64_t> padded = checked_add(size, alignment - 1);
  if (!padded) return std::nullopt;
  return *padded & ~(alignment - 1);
}

}  // namespace glim
