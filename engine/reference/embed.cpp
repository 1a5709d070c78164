#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::embed(const Embed& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    store(row_of(stage.table, step_.rows[static_cast<std::size_t>(t)].token), stage.out, t);
  }
}

}  // namespace glim
