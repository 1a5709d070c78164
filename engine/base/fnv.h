#pragma once

#include <cstdint>
#include <string_view>

namespace glim {

/// FNV-1a, 64 bits: the same everywhere, unlike std::hash, and no protection against forgeries. `start` is
/// the hash of what comes before. Source: draft-eastlake-fnv.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t start = 0xcbf29ce484222325u) {
  for (const char c : bytes) start = (start ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return start;
}

}  // namespace glim
