#include <algorithm>

#include "engine/reference/reference_ops.h"

namespace glim {

void ReferenceOps::copy(const Copy& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) std::copy_n(stage.x.floats(t), stage.x.cols, stage.out.floats(t));
}

}  // namespace glim
