#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::dense_up(const DenseUp& stage) {
  settle();
  enter("dense_up");
  gate({.gate = stage.w->gate,
        .up = stage.w->up,
        .x = address_of(stage.x),
        .y = address_of(stage.hidden),
        .gain = address_of(stage.w->norm),
        .eps = stage.eps});
  recorder_.barrier();
}

}  // namespace glim::vulkan
