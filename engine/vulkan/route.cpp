#include "engine/vulkan/vulkan_ops.h"
#include "shaders/route.args.h"

namespace glim::vulkan {

void VulkanOps::route(const Route& stage) {
  settle();
  enter("route");
  const ExpertWeights& w = *stage.w;
  const RouterRules& rules = stage.rules;
  const RouteArgs args = {.x = address_of(stage.x),
                          .gain = address_of(w.norm),
                          .router = address_of(w.router),
                          .bias = address_of(w.router_bias),
                          .normed = address_of(stage.normed),
                          .chosen = address_of(stage.chosen),
                          .weight = address_of(stage.weight),
                          .width = static_cast<uint>(stage.x.cols),
                          .experts = static_cast<uint>(w.router.rows),
                          .choices = static_cast<uint>(rules.active),
                          .gating = static_cast<uint>(rules.gating),
                          .normalise = rules.normalise ? 1u : 0u,
                          .groups = static_cast<uint>(rules.groups),
                          .groups_used = static_cast<uint>(rules.groups_used),
                          .scale = rules.scale,
                          .eps = stage.eps};
  // One workgroup reads all of the router, beside those of the shared expert.
  const uint threads = setup_.gpu ? 256 : threads_;
  recorder_.dispatch("route", {threads}, args, {static_cast<uint>(rows()), 1, 1});
  if (w.shared_gate) {
    gate({.gate = w.shared_gate,
          .up = w.shared_up,
          .x = args.x,
          .y = address_of(stage.shared_hidden),
          .gain = args.gain,
          .eps = stage.eps});
  }
  recorder_.barrier();
}

}  // namespace glim::vulkan
