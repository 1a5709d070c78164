#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_down(const DenseDown& stage) {
  pool_.run([&](int thread) { multiply_add(thread, stage.w->down, inputs(stage.hidden, rows()), stage.x); });
}

}  // namespace glim
