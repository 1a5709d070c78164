#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  reserve_codes(Slot::first, rows() * stage.mixed.cols);
  pool_.run([&](int thread) {
    encode(thread, stage.mixed, rows());
    pool_.barrier();
    for (std::int64_t h = 0; h < v_b.batch; ++h) {
      multiply(thread, v_b.matrix(h), inputs_from(stage.mixed, h * v_b.cols),
               {stage.out.floats() + h * v_b.rows, stage.out.cols});
    }
  });
}

}  // namespace glim
