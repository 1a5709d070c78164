#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::expert_down(const ExpertDown& stage) {
  const ExpertWeights& w = *stage.w;
  const auto width = static_cast<std::size_t>(w.down.cols);
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> hidden = row_of(stage.hidden, t);
    std::vector<double> sum(static_cast<std::size_t>(stage.x.cols));
    for (std::size_t a = 0; a < static_cast<std::size_t>(stage.chosen.cols); ++a) {
      const auto part = std::span(hidden).subspan(a * width, width);
      const std::vector<double> down = multiply(w.down.matrix(stage.chosen.ints(t)[a]), part);
      for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += static_cast<double>(stage.weight.floats(t)[a]) * down[i];
    }
    if (w.shared_down) {
      const std::vector<double> shared = multiply(w.shared_down, row_of(stage.shared_hidden, t));
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += shared[i];
    }
    add(sum, stage.x, t);
  }
}

}  // namespace glim
