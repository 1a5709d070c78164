#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::latent_down(const LatentDown& stage) {
  const AttentionWeights& w = *stage.w;
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> normed = rms_norm(row_of(stage.x, t), w.norm, stage.eps);
    store(w.q_a ? multiply(w.q_a, normed) : normed, stage.q_latent, t);
    store(multiply(w.kv_a, normed), stage.latent, t);
  }
}

}  // namespace glim
