#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::absorb(const Absorb& stage) {
  settle();
  enter("absorb");
  const Tensor& k_b = stage.w->k_b;
  const std::int64_t head = stage.q.cols / k_b.batch, tail = head - k_b.cols;
  multiply_rows({.weight = k_b,
                 .x = address_of(stage.q),
                 .y = address_of(stage.absorbed),
                 .x_stride = stage.q.cols,
                 .y_stride = stage.absorbed.cols,
                 .x_batch = head,
                 .y_batch = k_b.rows + tail,
                 .mode = kMultiplyTail,
                 .tail = tail});
  recorder_.barrier();
}

}  // namespace glim::vulkan
