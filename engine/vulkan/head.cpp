#include <algorithm>

#include "engine/vulkan/vulkan_ops.h"

namespace glim::vulkan {

void VulkanOps::head(const Head& stage) {
  settle();
  layer_ = -1;
  enter("head");
  std::copy(stage.rows.begin(), stage.rows.end(),
            reinterpret_cast<std::int32_t*>(step_memory_->host() + (head_rows_ - step_memory_->address())));
  multiply({.weight = stage.output,
            .x = address_of(stage.x),
            .y = address_of(stage.logits),
            .x_stride = stage.x.cols,
            .y_stride = stage.logits.cols,
            .mode = kMultiplyNorm,
            .gain = address_of(stage.norm),
            .list = head_rows_,
            .eps = stage.eps},
           std::ssize(stage.rows));
  recorder_.barrier();
}

}  // namespace glim::vulkan
