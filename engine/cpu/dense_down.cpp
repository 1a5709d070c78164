#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::dense_down(const DenseDown& stage) {
  reserve_codes({stage.hidden, rows()});
  pool_.run([&](int thread) {
    multiply_add(thread, stage.w->down, encoded_inputs(thread, {stage.hidden, rows()}), stage.x);
  });
}

}  // namespace glim
