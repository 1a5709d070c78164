#include <algorithm>

#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::embed(const Embed& stage) {
  pool_.run([&](int thread) {
    const Range range = own_rows(thread);
    for (std::int64_t t = range.first; t < range.last; ++t) {
      const std::int64_t token = row(t).token;
      multiplier(thread).decode(stage.table, {token, token + 1}, stage.out.floats(t));
      if (const float scale = stage.table.scale(); scale != 1) {
        float* out = stage.out.floats(t);
        std::for_each(out, out + stage.out.cols, [scale](float& value) { value *= scale; });
      }
    }
  });
}

}  // namespace glim
