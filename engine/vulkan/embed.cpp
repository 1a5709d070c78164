#include "engine/vulkan/vulkan_ops.h"
#include "shaders/embed.args.h"

namespace glim::vulkan {

void VulkanOps::embed(const Embed& stage) {
  settle();
  enter("embed");
  const EmbedArgs args = {.tables = setup_.tables,
                          .rows = step_rows_,
                          .table = address_of(stage.table),
                          .scale = scales_of(stage.table),
                          .y = address_of(stage.out),
                          .cols = static_cast<uint>(stage.table.cols)};
  recorder_.dispatch({"embed", stage.table.type}, {threads_}, args, {static_cast<uint>(rows()), 1, 1});
  recorder_.barrier();
}

}  // namespace glim::vulkan
