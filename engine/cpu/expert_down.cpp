#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::expert_down(const ExpertDown& stage) {
  const ExpertWeights& w = *stage.w;
  group_experts(stage.chosen, w.down.batch);
  pool_.run([&](int thread) {
    if (w.shared_down) multiply_add(thread, w.shared_down, inputs(stage.shared_hidden, rows()), stage.x);
    // Groups ascend by expert, so the terms of a row are added in an order that only its own choice decides.
    for (const ExpertGroup& group : groups_) {
      const std::int32_t* pairs = pairs_.data() + group.entries.first;
      const std::int32_t* tokens = tokens_.data() + group.entries.first;
      const cpu::InputRows in{stage.hidden.floats(), w.down.cols, pairs, group.entries.size()};
      multiplier(thread).products(w.down.matrix(group.expert), own(w.down.rows, thread), in,
                                  [&](std::int64_t i, std::int64_t first, auto products) {
                                    kernels_.add(products.data(), stage.weight.floats()[pairs[i]],
                                                 std::ssize(products), stage.x.floats(tokens[i]) + first);
                                  });
    }
  });
}

}  // namespace glim
