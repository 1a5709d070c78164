#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  multiply_rows({.weight = v_b,
                 .x = address_of(stage.mixed),
                 .y = address_of(stage.out),
                 .x_stride = stage.mixed.cols,
                 .y_stride = stage.out.cols,
                 .x_batch = v_b.cols,
                 .y_batch = v_b.rows});
  recorder_.barrier();
}

}  // namespace glim::vulkan
