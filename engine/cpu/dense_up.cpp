#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_up(const DenseUp& stage) {
  const Tensor normed = scratch(stage.x.cols);
  reserve_codes(Slot::first, rows() * normed.cols);
  pool_.run([&](int thread) {
    norm_rows(thread, stage.x, stage.w->norm, stage.eps, normed);
    encode(thread, normed, rows());
    pool_.barrier();
    gate(thread, stage.w->gate, stage.w->up, inputs(normed, rows()),
         {stage.hidden.floats(), stage.hidden.cols});
  });
}

}  // namespace glim
