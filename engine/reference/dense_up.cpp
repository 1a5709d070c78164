#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::dense_up(const DenseUp& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> normed = rms_norm(row_of(stage.x, t), stage.w->norm, stage.eps);
    store(gated(stage.w->gate, stage.w->up, normed), stage.hidden, t);
  }
}

}  // namespace glim
