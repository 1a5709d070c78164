#pragma once

#include "engine/sample/candidates.h"
#include "engine/sample/sampler_options.h"

namespace glim {

// The steps of the chain that look at the candidates only. Each leaves at least one candidate, needs at least
// one, and does nothing when its option is off. Meaning and sources: README.md of this folder.

void top_n_sigma(Candidates& candidates, float n);
void top_k(Candidates& candidates, int k);
void typical_p(Candidates& candidates, float p);
void top_p(Candidates& candidates, float p);
void min_p(Candidates& candidates, float p);
/// `chance` is uniform in [0, 1).
void exclude_top_choices(Candidates& candidates, float probability, float threshold, double chance);
/// Divides by the temperature, which may depend on the entropy. The temperature must be positive.
void apply_temperature(Candidates& candidates, const SamplerOptions& options);

}  // namespace glim
