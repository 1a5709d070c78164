#include "engine/vulkan/vulkan_ops.h"
#include "shaders/combine.args.h"
#include "shaders/expert_down.args.h"

namespace glim::vulkan {

void VulkanOps::expert_down(const ExpertDown& stage) {
  settle();
  enter("expert_down");
  const ExpertWeights& w = *stage.w;
  if (groups_experts()) return down_grouped(stage);
  const bool together = w.shared_down && w.shared_down.type == w.down.type;
  if (w.shared_down && !together) {
    add_shared_down(stage);
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
  const auto rows_each = static_cast<uint>(weight_rows(1));
  recorder_.dispatch(
      {"expert_down", w.down.type}, {threads_, rows_each, 1}, args,
      spread(static_cast<std::uint64_t>(w.down.rows + rows_each - 1) / rows_each, static_cast<uint>(rows())));
  recorder_.barrier();
}

void VulkanOps::add_shared_down(const ExpertDown& stage) {
  multiply_rows({.weight = stage.w->shared_down,
                 .x = address_of(stage.shared_hidden),
                 .y = address_of(stage.x),
                 .x_stride = stage.shared_hidden.cols,
                 .y_stride = stage.x.cols,
                 .mode = kMultiplyAdd});
}

/// Every expert's matrix is decoded once for the rows of a tile; the results are added in the order of the
/// choices.
void VulkanOps::down_grouped(const ExpertDown& stage) {
  const ExpertWeights& w = *stage.w;
  const std::int64_t choices = stage.chosen.cols, width = w.down.rows;
  const ExpertTiles& tiles = group(stage.chosen, w.down.batch);
  const Address parts = scratch(static_cast<std::uint64_t>(rows() * choices * width) * sizeof(float));
  multiply({.weight = w.down,
            .x = address_of(stage.hidden),
            .y = parts,
            .x_stride = w.down.cols,
            .y_stride = width,
            .mode = kMultiplyTiles,
            .list = tiles.tiles,
            .order = tiles.order},
           tiles.count * kInputs);
  if (w.shared_down) add_shared_down(stage);
  recorder_.barrier();
  const CombineArgs args = {address_of(stage.x), parts, address_of(stage.weight), static_cast<uint>(width),
                            static_cast<uint>(choices)};
  recorder_.dispatch("combine", {threads_}, args, {static_cast<uint>(rows()), 1, 1});
  recorder_.barrier();
}

}  // namespace glim::vulkan
