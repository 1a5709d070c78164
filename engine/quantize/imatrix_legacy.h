#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/quantize/activation_sums.h"

namespace glim {

/// Longest name of a weight in either form, so that a GGUF tensor can be called NAME.in_sum2.
inline constexpr std::size_t kImatrixNameBytes = 55;

/// The older form of an importance matrix, low byte first: i32 entries; for each i32 length and name, i32
/// calls, i32 number of values, f32 values (means x calls); then, not in the oldest files, i32 chunks, i32
/// length and name of the text. `file` is the name for messages. Throws E104, E105.
ActivationSums read_legacy_sums(std::span<const std::byte> bytes, const std::string& file,
                                std::int32_t chunk_size);

std::vector<std::byte> legacy_bytes(const ActivationSums& sums);

}  // namespace glim
