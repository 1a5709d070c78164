#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  pool_.run([&](int thread) {
    for (std::int64_t h = 0; h < v_b.batch; ++h) {
      const cpu::InputRows in{stage.mixed.floats() + h * v_b.cols, stage.mixed.cols, nullptr, rows()};
      multiply(thread, v_b.matrix(h), in, {stage.out.floats() + h * v_b.rows, stage.out.cols});
    }
  });
}

}  // namespace glim
