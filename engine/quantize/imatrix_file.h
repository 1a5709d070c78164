#pragma once

#include <filesystem>

#include "engine/quantize/activation_sums.h"

namespace glim {

/// Reads an importance matrix of either form: GGUF (general.type "imatrix", per weight the F32 tensors
/// NAME.in_sum2 and NAME.counts), or the older list of name, calls and values, which has no counts of its
/// own: they become calls x `legacy_chunk` tokens (0: not known), the same for all experts. Every number is
/// checked: finite, not negative, counts whole. Throws E101 (cannot be read), E104 (ends early), E105
/// (malformed).
ActivationSums read_activation_sums(const std::filesystem::path& path, std::int32_t legacy_chunk = 0);

/// Writes the GGUF form; the older one when the name ends in ".dat". The file gets its name when it is
/// complete. Names longer than the readers allow are an error of ours. Throws E701.
void write_activation_sums(const ActivationSums& sums, const std::filesystem::path& path);

}  // namespace glim
