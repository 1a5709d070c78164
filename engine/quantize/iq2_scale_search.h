#pragma once

#include <span>

namespace glim {

/// The scale for which scale * code comes closest to the values of a block of IQ2_XXS, codes being 0..top:
/// nine trial scales by weighted squared error, then up to five passes over the codes. `x` and `weights` have
/// the same length: a multiple of 8, at most 32. Returns 0 where no value is above 1e-15. Any thread.
///
/// Values whose sign the format forces are negative. They round to the code -1, which is kept in a byte and
/// hence is 255 when a pass looks at it again. Other writers of the format do so, and files are to be the
/// same; codes of 0 instead would lower the error by less than 0.02 %.
float search_block_scale(std::span<const float> x, std::span<const float> weights, int top);

}  // namespace glim
