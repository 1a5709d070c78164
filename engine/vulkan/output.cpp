#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::output(const Output& stage) {
  settle();
  enter("output");
  multiply_rows({.weight = stage.w->output,
                 .x = address_of(stage.value),
                 .y = address_of(stage.x),
                 .x_stride = stage.value.cols,
                 .y_stride = stage.x.cols,
                 .mode = kMultiplyAdd});
  recorder_.barrier();
}

}  // namespace glim::vulkan
