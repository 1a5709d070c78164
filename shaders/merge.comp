// mixed[h] from the parts that attend.comp left. One workgroup per row and head.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/merge.args.h"
layout(push_constant, scalar) uniform Push { MergeArgs args; };
#include "shaders/memory.glsl"
#include "shaders/step.glsl"

void main() {
  const uint t = gl_WorkGroupID.x, h = gl_WorkGroupID.y;
  const uint parts = uint(StepRows(args.rows).row[t].position) / args.part + 1u;
  const uint64_t first = args.partial + (uint64_t(t) * args.parts * args.heads + h) * (args.rank + 2u) * 4u;
  const uint64_t step = uint64_t(args.heads) * (args.rank + 2u) * 4u;
  float largest = Floats(first).v[args.rank];
  for (uint p = 1u; p < parts; ++p) largest = max(largest, Floats(first + p * step).v[args.rank]);
  float total = 0.0;
  for (uint p = 0u; p < parts; ++p) {
    Floats source = Floats(first + p * step);
    total += source.v[args.rank + 1u] * exp(source.v[args.rank] - largest);
  }
  Floats target = Floats(args.mixed + (uint64_t(t) * args.heads + h) * args.rank * 4u);
  for (uint k = gl_LocalInvocationID.x; k < args.rank; k += gl_WorkGroupSize.x) {
    float sum = 0.0;
    for (uint p = 0u; p < parts; ++p) {
      Floats source = Floats(first + p * step);
      sum += source.v[k] * exp(source.v[args.rank] - largest);
    }
    target.v[k] = sum / total;
  }
}
