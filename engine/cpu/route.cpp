#include "engine/cpu/cpu_ops.h"
#include "engine/reference/router.h"

namespace glim {

void CpuOps::route(const Route& stage) {
  const ExpertWeights& w = *stage.w;
  const auto experts = static_cast<std::size_t>(w.router.rows),
             active = static_cast<std::size_t>(stage.rules.active);
  std::span<const float> bias;
  if (w.router_bias) bias = {w.router_bias.floats(), experts};
  float* logits = cpu::reserve(router_logits_, rows() * w.router.rows);
  reserve_codes({stage.normed, rows()});
  pool_.run([&](int thread) {
    const cpu::Inputs in = norm_inputs(
        thread, {.x = stage.x, .gain = w.norm, .eps = stage.eps, .keeps = true}, {stage.normed, rows()});
    multiply(thread, w.router, in, {logits, w.router.rows});
    if (w.shared_gate) {
      gate(thread, w.shared_gate, w.shared_up, in, {stage.shared_hidden.floats(), stage.shared_hidden.cols});
    }
    pool_.barrier();
    const Range range = own_rows(thread);
    for (std::int64_t t = range.first; t < range.last; ++t) {
      choose_experts({logits + t * w.router.rows, experts}, bias, stage.rules, {stage.chosen.ints(t), active},
                     {stage.weight.floats(t), active});
    }
  });
}

}  // namespace glim
