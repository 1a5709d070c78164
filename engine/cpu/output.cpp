#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::output(const Output& stage) {
  reserve_codes({stage.value, rows()});
  pool_.run([&](int thread) {
    multiply_add(thread, stage.w->output, encoded_inputs(thread, {stage.value, rows()}), stage.x);
  });
}

}  // namespace glim
