#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace glim {

/// Element types of metadata values; the numbers are those of the file format.
enum class GgufKind : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

struct GgufKindInfo {
  std::string_view name;
  std::uint32_t bytes;  ///< least number of bytes that one value takes in a file
};

/// Indexed by GgufKind.
inline constexpr std::array<GgufKindInfo, 13> kGgufKinds = {{{"u8", 1},
                                                             {"i8", 1},
                                                             {"u16", 2},
                                                             {"i16", 2},
                                                             {"u32", 4},
                                                             {"i32", 4},
                                                             {"f32", 4},
                                                             {"bool", 1},
                                                             {"string", 8},
                                                             {"array", 12},
                                                             {"u64", 8},
                                                             {"i64", 8},
                                                             {"f64", 8}}};

constexpr const GgufKindInfo& gguf_kind(GgufKind kind) {
  return kGgufKinds[static_cast<std::uint32_t>(kind)];
}

}  // namespace glim
