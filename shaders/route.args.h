#ifndef GLIM_SHADERS_ROUTE_ARGS_H
#define GLIM_SHADERS_ROUTE_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(RouteArgs)
  Address x, gain;                 ///< [T, D], [D]
  Address router, bias;            ///< [E, D], [E] or 0
  Address normed, chosen, weight;  ///< out: [T, D], [T, choices], [T, choices]
  uint width, experts, choices;
  uint gating;                     ///< as glim::Gating
  uint normalise, groups, groups_used;
  float scale, eps;
ARGS_END

#endif
