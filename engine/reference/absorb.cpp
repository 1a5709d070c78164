#include "engine/reference/reference_ops.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::absorb(const Absorb& stage) {
  const Tensor& k_b = stage.w->k_b;
  const auto nope = static_cast<std::size_t>(k_b.cols);
  const auto head_width = static_cast<std::size_t>(stage.q.cols / k_b.batch);
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> q = row_of(stage.q, t);
    std::vector<double> absorbed;
    for (std::int64_t h = 0; h < k_b.batch; ++h) {
      const auto head = std::span(q).subspan(static_cast<std::size_t>(h) * head_width, head_width);
      const std::vector<double> latent = multiply(k_b.matrix(h), head.first(nope));
      absorbed.insert(absorbed.end(), latent.begin(), latent.end());
      absorbed.insert(absorbed.end(), head.begin() + static_cast<std::ptrdiff_t>(nope), head.end());
    }
    store(absorbed, stage.absorbed, t);
  }
}

}  // namespace glim
