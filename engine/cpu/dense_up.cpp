#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_up(const DenseUp& stage) {
  const Tensor normed = scratch(stage.x.cols);
  reserve_codes({normed, rows()});
  pool_.run([&](int thread) {
    const cpu::Inputs in =
        norm_inputs(thread, {.x = stage.x, .gain = stage.w->norm, .eps = stage.eps}, {normed, rows()});
    gate(thread, stage.w->gate, stage.w->up, in, {stage.hidden.floats(), stage.hidden.cols});
  });
}

}  // namespace glim
