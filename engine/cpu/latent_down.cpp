#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::latent_down(const LatentDown& stage) {
  const AttentionWeights& w = *stage.w;
  const Tensor normed = w.q_a ? scratch(stage.x.cols) : stage.q_latent;
  reserve_codes({normed, rows()});
  pool_.run([&](int thread) {
    const cpu::Inputs in = norm_inputs(
        thread, {.x = stage.x, .gain = w.norm, .eps = stage.eps, .keeps = !w.q_a}, {normed, rows()});
    if (w.q_a) multiply(thread, w.q_a, in, {stage.q_latent.floats(), stage.q_latent.cols});
    multiply(thread, w.kv_a, in, {stage.latent.floats(), stage.latent.cols});
  });
}

}  // namespace glim
