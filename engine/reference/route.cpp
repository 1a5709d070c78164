#include "engine/reference/reference_ops.h"
#include "engine/reference/router.h"
#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

void ReferenceOps::route(const Route& stage) {
  const ExpertWeights& w = *stage.w;
  const auto active = static_cast<std::size_t>(stage.rules.active);
  std::span<const float> bias;
  if (w.router_bias) bias = {w.router_bias.floats(), static_cast<std::size_t>(w.router_bias.cols)};
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::vector<double> normed = rms_norm(row_of(stage.x, t), w.norm, stage.eps);
    store(normed, stage.normed, t);
    const std::vector<double> scores = multiply(w.router, normed);
    const std::vector<float> logits(scores.begin(), scores.end());
    choose_experts(logits, bias, stage.rules, {stage.chosen.ints(t), active},
                   {stage.weight.floats(t), active});
    if (w.shared_gate) store(gated(w.shared_gate, w.shared_up, normed), stage.shared_hidden, t);
  }
}

}  // namespace glim
