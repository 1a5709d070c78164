#include <algorithm>

#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::copy(const Copy& stage) {
  pool_.run([&](int thread) {
    const Range range = own_rows(thread);
    std::copy_n(stage.x.floats(range.first), range.size() * stage.x.cols, stage.out.floats(range.first));
  });
}

}  // namespace glim
