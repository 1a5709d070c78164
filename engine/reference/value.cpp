#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  const auto rank = static_cast<std::size_t>(v_b.cols);
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> mixed = row_of(stage.mixed, t);
    for (std::int64_t h = 0; h < v_b.batch; ++h) {
      const auto head = std::span(mixed).subspan(static_cast<std::size_t>(h) * rank, rank);
      store(multiply(v_b.matrix(h), head), stage.out, t, h * v_b.rows);
    }
  }
}

}  // namespace glim
