#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::expert_down(const ExpertDown& stage) {
  const ExpertWeights& w = *stage.w;
  group_experts(stage.chosen, w.down.batch);
  const std::int64_t pairs_of_step = rows() * stage.chosen.cols;
  Tensor hidden = stage.hidden;  // one row for each choice
  hidden.cols = w.down.cols;
  reserve_codes(Slot::first, pairs_of_step * hidden.cols);
  if (w.shared_down) reserve_codes(Slot::second, rows() * stage.shared_hidden.cols);
  pool_.run([&](int thread) {
    encode(thread, hidden, pairs_of_step);
    if (w.shared_down) encode(thread, stage.shared_hidden, rows(), Slot::second);
    pool_.barrier();
    if (w.shared_down) {
      multiply_add(thread, w.shared_down, inputs(stage.shared_hidden, rows(), Slot::second), stage.x);
    }
    cpu::Inputs in = inputs(hidden, pairs_of_step);
    // Groups ascend by expert, so the terms of a row are added in an order that only its own choice decides.
    for (const ExpertGroup& group : groups_) {
      const std::int32_t* pairs = pairs_.data() + group.entries.first;
      const std::int32_t* tokens = tokens_.data() + group.entries.first;
      in.choose(pairs, group.entries.size());
      multiplier(thread).products(w.down.matrix(group.expert), own(w.down.rows, thread), in,
                                  [&](std::int64_t i, std::int64_t first, auto products) {
                                    kernels_.add(products.data(), stage.weight.floats()[pairs[i]],
                                                 std::ssize(products), stage.x.floats(tokens[i]) + first);
                                  });
    }
  });
}

}  // namespace glim
