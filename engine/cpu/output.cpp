#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::output(const Output& stage) {
  reserve_codes(Slot::first, rows() * stage.value.cols);
  pool_.run([&](int thread) {
    encode(thread, stage.value, rows());
    pool_.barrier();
    multiply_add(thread, stage.w->output, inputs(stage.value, rows()), stage.x);
  });
}

}  // namespace glim
