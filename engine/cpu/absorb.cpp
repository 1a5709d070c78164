#include <algorithm>

#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::absorb(const Absorb& stage) {
  const Tensor& k_b = stage.w->k_b;
  const std::int64_t head = stage.q.cols / k_b.batch, nope = k_b.cols, rank = k_b.rows;
  const std::int64_t width = stage.absorbed.cols / k_b.batch;
  reserve_codes({stage.q, rows()});
  pool_.run([&](int thread) {
    const cpu::Inputs in = encoded_inputs(thread, {stage.q, rows()});
    for (std::int64_t h = 0; h < k_b.batch; ++h) {
      multiply(thread, k_b.matrix(h), in.from(h * head),
               {stage.absorbed.floats() + h * width, stage.absorbed.cols});
    }
    const Range range = own_rows(thread);
    for (std::int64_t t = range.first; t < range.last; ++t) {
      for (std::int64_t h = 0; h < k_b.batch; ++h) {
        const float* rotated = stage.q.floats(t) + h * head + nope;
        std::copy_n(rotated, width - rank, stage.absorbed.floats(t) + h * width + rank);
      }
    }
  });
}

}  // namespace glim
