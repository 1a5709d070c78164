#include "engine/vulkan/vulkan_ops.h"
#include "shaders/expert_down.args.h"

namespace glim::vulkan {

void VulkanOps::expert_down(const ExpertDown& stage) {
  settle();
  enter("expert_down");
  const ExpertWeights& w = *stage.w;
  const bool together = w.shared_down && w.shared_down.type == w.down.type;
  if (w.shared_down && !together) {
    multiply_rows({.weight = w.shared_down,
                   .x = address_of(stage.shared_hidden),
                   .y = address_of(stage.x),
                   .x_stride = stage.shared_hidden.cols,
                   .y_stride = stage.x.cols,
                   .mode = kMultiplyAdd});
    recorder_.barrier();
  }
  const ExpertDownArgs args = {.tables = setup_.tables,
                               .down = address_of(w.down),
                               .scales = scales_of(w.down),
                               .shared_down = together ? address_of(w.shared_down) : 0,
                               .shared_scales = together ? scales_of(w.shared_down) : 0,
                               .x = address_of(stage.x),
                               .hidden = address_of(stage.hidden),
                               .shared_hidden = address_of(stage.shared_hidden),
                               .chosen = address_of(stage.chosen),
                               .weight = address_of(stage.weight),
                               .width = static_cast<uint>(w.down.rows),
                               .hidden_width = static_cast<uint>(w.down.cols),
                               .shared_width = static_cast<uint>(w.shared_down.cols),
                               .choices = static_cast<uint>(stage.chosen.cols),
                               .pitch = static_cast<uint>(w.down.pitch != 0 ? w.down.pitch : w.down.rows)};
  constexpr uint kRows = 2;
  recorder_.dispatch(
      {"expert_down", w.down.type}, {threads_, kRows, 1}, args,
      spread(static_cast<std::uint64_t>(w.down.rows + kRows - 1) / kRows, static_cast<uint>(rows())));
  recorder_.barrier();
}

}  // namespace glim::vulkan
