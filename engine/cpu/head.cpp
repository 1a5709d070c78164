#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::head(const Head& stage) {
  const std::int64_t count = std::ssize(stage.rows);
  const Tensor normed = scratch(stage.x.cols);
  reserve_codes({normed, count});
  pool_.run([&](int thread) {
    const cpu::Inputs in = norm_inputs(
        thread, {.x = stage.x, .gain = stage.norm, .eps = stage.eps, .index = stage.rows}, {normed, count});
    multiply(thread, stage.output, in, {stage.logits.floats(), stage.logits.cols});
  });
}

}  // namespace glim
