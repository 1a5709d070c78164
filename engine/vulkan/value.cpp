#include "engine/vulkan/vulkan_ops.h"
#include "shaders/value.args.h"

namespace glim::vulkan {

void VulkanOps::value(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  const bool joins = parts_.count > 0 && parts_.mixed == address_of(stage.mixed);
  if (!joins) settle();
  enter("value");
  if (joins) {
    join(stage);
  } else {
    multiply_rows({.weight = v_b,
                   .x = address_of(stage.mixed),
                   .y = address_of(stage.out),
                   .x_stride = stage.mixed.cols,
                   .y_stride = stage.out.cols,
                   .x_batch = v_b.cols,
                   .y_batch = v_b.rows});
  }
  recorder_.barrier();
}

/// The same from the parts that attention left: joining them here costs no barrier.
void VulkanOps::join(const Value& stage) {
  const Tensor& v_b = stage.w->v_b;
  const uint rows_each = setup_.gpu ? 32 : 64;
  const ValueArgs args = {.tables = setup_.tables,
                          .rows = step_rows_,
                          .weights = address_of(v_b),
                          .scales = scales_of(v_b),
                          .partial = parts_.partial,
                          .y = address_of(stage.out),
                          .heads = static_cast<uint>(v_b.batch),
                          .rank = static_cast<uint>(v_b.cols),
                          .width = static_cast<uint>(v_b.rows),
                          .pitch = static_cast<uint>(v_b.pitch != 0 ? v_b.pitch : v_b.rows),
                          .parts = parts_.count,
                          .part = parts_.positions};
  const Constants constants = {setup_.gpu ? 256 : threads_, rows_each, args.rank};
  recorder_.dispatch({"value", v_b.type}, constants, args,
                     {(args.width + rows_each - 1) / rows_each, args.heads, static_cast<uint>(rows())});
  parts_ = {};
}

}  // namespace glim::vulkan
