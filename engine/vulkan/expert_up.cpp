#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::expert_up(const ExpertUp& stage) {
  settle();
  enter("expert_up");
  gate({.gate = stage.w->gate,
        .up = stage.w->up,
        .x = address_of(stage.normed),
        .y = address_of(stage.hidden),
        .chosen = address_of(stage.chosen),
        .choices = stage.chosen.cols});
  recorder_.barrier();
}

}  // namespace glim::vulkan
