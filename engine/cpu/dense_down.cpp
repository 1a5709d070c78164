#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_down(const DenseDown& stage) {
  reserve_codes(Slot::first, rows() * stage.hidden.cols);
  pool_.run([&](int thread) {
    encode(thread, stage.hidden, rows());
    pool_.barrier();
    multiply_add(thread, stage.w->down, inputs(stage.hidden, rows()), stage.x);
  });
}

}  // namespace glim
