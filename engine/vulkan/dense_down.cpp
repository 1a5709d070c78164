#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::dense_down(const DenseDown& stage) {
  settle();
  enter("dense_down");
  multiply_rows({.weight = stage.w->down,
                 .x = address_of(stage.hidden),
                 .y = address_of(stage.x),
                 .x_stride = stage.hidden.cols,
                 .y_stride = stage.x.cols,
                 .mode = kMultiplyAdd});
  recorder_.barrier();
}

}  // namespace glim::vulkan
