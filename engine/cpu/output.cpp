#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::output(const Output& stage) {
  pool_.run([&](int thread) { multiply_add(thread, stage.w->output, inputs(stage.value, rows()), stage.x); });
}

}  // namespace glim
