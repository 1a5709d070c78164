#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::expert_up(const ExpertUp& stage) {
  settle();
  enter("expert_up");
  Gate up = {.gate = stage.w->gate,
             .up = stage.w->up,
             .x = address_of(stage.normed),
             .y = address_of(stage.hidden),
             .chosen = address_of(stage.chosen),
             .choices = stage.chosen.cols};
  if (groups_experts()) {
    tiles_ = {};
    const ExpertTiles& tiles = group(stage.chosen, up.gate.batch);
    up.chosen = tiles.tiles;
    up.order = tiles.order;
    up.tiles = tiles.count;
  }
  gate(up);
  recorder_.barrier();
}

}  // namespace glim::vulkan
