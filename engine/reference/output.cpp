#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::output(const Output& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    add(multiply(stage.w->output, row_of(stage.value, t)), stage.x, t);
  }
}

}  // namespace glim
