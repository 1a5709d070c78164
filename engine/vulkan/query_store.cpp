#include "engine/vulkan/vulkan_ops.h"
#include "shaders/store_latent.args.h"

namespace glim::vulkan {

void VulkanOps::query_store(const QueryStore& stage) {
  settle();
  enter("query_store");
  const AttentionWeights& w = *stage.w;
  const Address rope = address_of(stage.rope);
  multiply_rows({.weight = w.q_b,
                 .x = address_of(stage.q_latent),
                 .y = address_of(stage.q),
                 .x_stride = stage.q_latent.cols,
                 .y_stride = stage.q.cols,
                 .mode = kMultiplyRope | (w.q_a_norm ? kMultiplyNorm : 0),
                 .gain = address_of(w.q_a_norm),
                 .rope = rope,
                 .head = stage.q.cols / stage.heads,
                 .tail = stage.rope.cols,
                 .eps = stage.eps});
  const StoreLatentArgs args = {.tables = setup_.tables,
                                .rows = step_rows_,
                                .blocks = block_tables_,
                                .latent = address_of(stage.latent),
                                .gain = address_of(w.kv_a_norm),
                                .rope = rope,
                                .cache = address_of(stage.cache),
                                .rank = static_cast<uint>(stage.latent.cols - stage.rope.cols),
                                .width = static_cast<uint>(stage.latent.cols),
                                .eps = stage.eps};
  recorder_.dispatch({"store_latent", stage.cache.type}, {threads_}, args, {static_cast<uint>(rows()), 1, 1});
  recorder_.barrier();
}

}  // namespace glim::vulkan
