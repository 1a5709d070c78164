#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::latent_down(const LatentDown& stage) {
  const AttentionWeights& w = *stage.w;
  const Tensor normed = w.q_a ? scratch(stage.x.cols) : stage.q_latent;
  reserve_codes(Slot::first, rows() * normed.cols);
  pool_.run([&](int thread) {
    norm_rows(thread, stage.x, w.norm, stage.eps, normed);
    encode(thread, normed, rows());
    pool_.barrier();
    const cpu::Inputs in = inputs(normed, rows());
    if (w.q_a) multiply(thread, w.q_a, in, {stage.q_latent.floats(), stage.q_latent.cols});
    multiply(thread, w.kv_a, in, {stage.latent.floats(), stage.latent.cols});
  });
}

}  // namespace glim
