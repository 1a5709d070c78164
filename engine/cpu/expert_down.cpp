#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::expert_down(const ExpertDown& stage) {
  const ExpertWeights& w = *stage.w;
  group_experts(stage.chosen, w.down.batch);
  const std::int64_t pairs_of_step = rows() * stage.chosen.cols;
  Tensor hidden = stage.hidden;  // one row for each choice
  hidden.cols = w.down.cols;
  const Activations chosen{hidden, pairs_of_step}, shared{stage.shared_hidden, rows(), Slot::second};
  reserve_codes(chosen);
  if (w.shared_down) reserve_codes(shared);
  pool_.run([&](int thread) {
    bool waits = encode(thread, chosen);
    if (w.shared_down) waits |= encode(thread, shared);
    if (waits) pool_.barrier();
    if (w.shared_down) multiply_add(thread, w.shared_down, inputs(thread, shared), stage.x);
    cpu::Inputs in = inputs(thread, chosen);
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
