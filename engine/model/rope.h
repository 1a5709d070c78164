#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/tensor/ops.h"

namespace glim {

/// Stretching of rotary positions beyond the trained length.
/// Source: Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models".
struct RopeScaling {
  enum class Kind : std::uint8_t { none, linear, yarn } kind = Kind::none;
  double factor = 1;
  double original_context = 0;  ///< tokens
  double beta_fast = 32,
         beta_slow = 1;         ///< turns within the original context between which frequencies are blended
  double attention_factor = 1;  ///< magnitude without that growth
  double log_multiplier = 0;    ///< growth of the magnitude with ln(factor)
};

/// Radians per position of the width/2 pairs.
std::vector<double> rope_frequencies(std::int64_t width, double base, const RopeScaling& scaling);

/// Factor m on queries and keys that makes up for the stretching; scores grow by its square.
double rope_magnitude(const RopeScaling& scaling);

/// Writes cosine and sine of every pair, interleaved, for the position of every row into `table` [T, P] in
/// host memory.
void fill_rope(std::span<const double> frequencies, std::span<const Row> rows, const Tensor& table);

}  // namespace glim
