// x[t] += sum over the choices, in their order, of weight * parts. One workgroup per row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/combine.args.h"
layout(push_constant, scalar) uniform Push { CombineArgs args; };
#include "shaders/memory.glsl"

void main() {
  const uint t = gl_WorkGroupID.x;
  Floats x = Floats(args.x + uint64_t(t) * args.width * 4u);
  Floats weight = Floats(args.weight + uint64_t(t) * args.choices * 4u);
  Floats parts = Floats(args.parts + uint64_t(t) * args.choices * args.width * 4u);
  for (uint i = gl_LocalInvocationID.x; i < args.width; i += gl_WorkGroupSize.x) {
    float sum = 0.0;
    for (uint a = 0u; a < args.choices; ++a) sum += weight.v[a] * parts.v[a * args.width + i];
    x.v[i] += sum;
  }
}
