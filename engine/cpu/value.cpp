#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  reserve_codes({stage.mixed, rows()});
  pool_.run([&](int thread) {
    const cpu::Inputs in = encoded_inputs(thread, {stage.mixed, rows()});
    for (std::int64_t h = 0; h < v_b.batch; ++h) {
      multiply(thread, v_b.matrix(h), in.from(h * v_b.cols),
               {stage.out.floats() + h * v_b.rows, stage.out.cols});
    }
  });
}

}  // namespace glim
