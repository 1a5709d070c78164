#pragma once

#include <cstddef>
#include <span>

#include "engine/quant/quant_type.h"

namespace glim {

/// Rounding rows of weights to a format as well as the format allows: the search for scales and codes that
/// the readers of these files are used to. The results are the same on every machine: binary32 arithmetic,
/// sums in index order, no contraction.

/// False for the formats of activations (q8_1, q8_k) and of the KV cache.
bool can_quantize(QuantType type);

/// True for the formats that are of no use without weights for the errors.
bool needs_importance(QuantType type);

/// Rounds one row: in.size() values, a multiple of the block length. `importance` is empty, or one weight per
/// value (the mean square of the activation that the value is multiplied with); formats that only round
/// ignore it. Any thread.
void quantize_row(QuantType type, std::span<const float> in, std::span<const float> importance,
                  std::byte* out);

}  // namespace glim
