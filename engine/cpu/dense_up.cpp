#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_up(const DenseUp& stage) {
  const Tensor normed = scratch(stage.x.cols);
  pool_.run([&](int thread) {
    norm_rows(thread, stage.x, stage.w->norm, stage.eps, normed);
    pool_.barrier();
    gate(thread, stage.w->gate, stage.w->up, inputs(normed, rows()),
         {stage.hidden.floats(), stage.hidden.cols});
  });
}

}  // namespace glim
