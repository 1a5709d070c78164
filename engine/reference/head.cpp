#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::head(const Head& stage) {
  for (std::size_t i = 0; i < stage.rows.size(); ++i) {
    const std::vector<double> normed = rms_norm(row_of(stage.x, stage.rows[i]), stage.norm, stage.eps);
    store(multiply(stage.output, normed), stage.logits, static_cast<std::int64_t>(i));
  }
}

}  // namespace glim
