#include "engine/vulkan/vulkan_ops.h"
#include "shaders/norm.args.h"

namespace glim::vulkan {

void VulkanOps::latent_down(const LatentDown& stage) {
  settle();
  ++layer_;
  enter("latent_down");
  const AttentionWeights& w = *stage.w;
  const Address x = address_of(stage.x), gain = address_of(w.norm);
  const auto product = [&](const Tensor& weight, const Tensor& y) {
    multiply_rows({.weight = weight,
                   .x = x,
                   .y = address_of(y),
                   .x_stride = stage.x.cols,
                   .y_stride = y.cols,
                   .mode = kMultiplyNorm,
                   .gain = gain,
                   .eps = stage.eps});
  };
  if (w.q_a) {
    product(w.q_a, stage.q_latent);
  } else {
    const NormArgs args = {x, gain, address_of(stage.q_latent), static_cast<uint>(stage.x.cols), stage.eps};
    recorder_.dispatch("norm", {threads_}, args, {static_cast<uint>(rows()), 1, 1});
  }
  product(w.kv_a, stage.latent);
  recorder_.barrier();
}

}  // namespace glim::vulkan
