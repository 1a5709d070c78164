// y = x, values of four bytes of any type. Threads walk through them side by side.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/copy.args.h"
layout(push_constant, scalar) uniform Push { CopyArgs args; };
#include "shaders/memory.glsl"

void main() {
  Ints x = Ints(args.x), y = Ints(args.y);
  const uint threads = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint i = gl_GlobalInvocationID.x; i < args.count; i += threads) y.v[i] = x.v[i];
}
