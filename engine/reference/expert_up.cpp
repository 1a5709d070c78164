#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::expert_up(const ExpertUp& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> normed = row_of(stage.normed, t);
    for (std::int64_t a = 0; a < stage.chosen.cols; ++a) {
      const std::int32_t expert = stage.chosen.ints(t)[a];
      store(gated(stage.w->gate.matrix(expert), stage.w->up.matrix(expert), normed), stage.hidden, t,
            a * stage.w->gate.rows);
    }
  }
}

}  // namespace glim
