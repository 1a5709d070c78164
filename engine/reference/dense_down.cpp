#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::dense_down(const DenseDown& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    add(multiply(stage.w->down, row_of(stage.hidden, t)), stage.x, t);
  }
}

}  // namespace glim
