#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace glim {

static_assert(std::endian::native == std::endian::little, "files are read in place");

/// A number at any address, low byte first.
inline std::uint32_t load_u32(const void* at) {
  std::uint32_t out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

}  // namespace glim
