#include <algorithm>

#include "engine/cpu/cpu_ops.h"

namespace glim {

void CpuOps::expert_up(const ExpertUp& stage) {
  const ExpertWeights& w = *stage.w;
  group_experts(stage.chosen, w.gate.batch);
  reserve_codes({stage.normed, rows()});
  pool_.run([&](int thread) {
    cpu::Inputs in = encoded_inputs(thread, {stage.normed, rows()});
    for (const ExpertGroup& group : groups_) {
      const std::int32_t* pairs = pairs_.data() + group.entries.first;
      in.choose(tokens_.data() + group.entries.first, group.entries.size());
      multiplier(thread).gated(w.gate.matrix(group.expert), w.up.matrix(group.expert),
                               own(w.gate.rows, thread), in,
                               [&](std::int64_t i, std::int64_t first, auto values) {
                                 float* hidden = stage.hidden.floats() + pairs[i] * w.gate.rows;
                                 std::copy(values.begin(), values.end(), hidden + first);
                               });
    }
  });
}

}  // namespace glim
