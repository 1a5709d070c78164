#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "engine/quant/quant_type.h"

namespace glim {

/// The formats that the KV cache may have, most bits first: those with a simple encoder. What lists them
/// anywhere is made from this table.
inline constexpr std::array kCacheTypes = {QuantType::f32,          QuantType::f16,  QuantType::bf16,
                                           QuantType::q8_0,         QuantType::q5_1, QuantType::q5_0,
                                           QuantType::q4_1,         QuantType::q4_0, QuantType::iq4_nl,
                                           QuantType::q4_0_rocmfp4, QuantType::rot4, QuantType::rot3};

constexpr bool is_cache_type(QuantType type) {
  return std::find(kCacheTypes.begin(), kCacheTypes.end(), type) != kCacheTypes.end();
}

namespace cache_types {

constexpr std::string_view name(QuantType type) {
  return std::find_if(kQuants.begin(), kQuants.end(), [type](const QuantInfo& q) { return q.type == type; })
      ->name;
}

constexpr std::size_t joined_length() {
  std::size_t length = 0;
  for (const QuantType type : kCacheTypes) length += name(type).size() + 1;
  return length - 1;
}

constexpr std::array<char, joined_length()> joined() {
  std::array<char, joined_length()> out = {};
  std::fill(out.begin(), out.end(), ' ');
  std::size_t at = 0;
  for (const QuantType type : kCacheTypes) {
    for (const char c : name(type)) out[at++] = c;
    ++at;  // the space behind it; behind the last there is none
  }
  return out;
}

inline constexpr auto kJoined = joined();

}  // namespace cache_types

/// "f32 f16 bf16 ..."
inline constexpr std::string_view kCacheTypeNames(cache_types::kJoined.data(), cache_types::kJoined.size());

}  // namespace glim
