#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::head(const Head& stage) {
  const std::int64_t count = std::ssize(stage.rows);
  const Tensor normed = scratch(stage.x.cols);
  reserve_codes(Slot::first, count * normed.cols);
  pool_.run([&](int thread) {
    const Range range = share(count, thread, threads());
    for (std::int64_t i = range.first; i < range.last; ++i) {
      const float* x = stage.x.floats(stage.rows[static_cast<std::size_t>(i)]);
      kernels_.rms_norm(x, stage.norm.floats(), stage.norm.cols, stage.eps, normed.floats(i));
    }
    encode(thread, normed, count);
    pool_.barrier();
    multiply(thread, stage.output, inputs(normed, count), {stage.logits.floats(), stage.logits.cols});
  });
}

}  // namespace glim
