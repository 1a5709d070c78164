#pragma once

#include <cstdint>

#include "engine/quantize/lattice.h"

namespace glim {

/// Values that share a scale, in groups that must be points of a lattice: up to 32, a multiple of 16.
struct Magnitudes {
  float target[32];       ///< magnitudes; negative where the format forces the wrong sign on a value
  float weight[32];       ///< of the squared errors
  float root_weight[32];  ///< the square roots, which weigh when a group is moved to a point
  int count;
};

/// Inverse scales to try: (top + step * k) / largest for k = -reach..reach, where top = 2 * levels - 1.
struct ScaleTrials {
  float largest;
  int reach;
  float step;
};

struct ScaleFit {
  float scale;
  std::uint16_t codes[8];  ///< of the group's points
  unsigned moved;          ///< bit k: rounding group k gave no point
};

/// The scale and the points whose multiples come closest to the values: level l stands for scale * (2 l + 1).
/// Where nothing can be fitted, all weights being zero, the points have code 0. Any thread.
ScaleFit search_scale(const Lattice& lattice, const Magnitudes& block, const ScaleTrials& trials);

/// Rounds the groups in the mask again, with the scale of the fit, which must be positive, and fits the scale
/// to the outcome.
void refine_scale(const Lattice& lattice, const Magnitudes& block, unsigned groups, ScaleFit& fit);

}  // namespace glim
