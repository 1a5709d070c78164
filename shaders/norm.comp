// y[t] = rms_norm(x[t]) * gain. One workgroup per row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/norm.args.h"
layout(push_constant, scalar) uniform Push { NormArgs args; };
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"

void main() {
  const uint64_t row = uint64_t(gl_WorkGroupID.x) * args.width * 4u;
  const float inverse = inverse_rms(args.x + row, args.width, args.eps);
  for (uint i = gl_LocalInvocationID.x; i < args.width; i += gl_WorkGroupSize.x) {
    Floats(args.y + row).v[i] = Floats(args.x + row).v[i] * inverse * Floats(args.gain).v[i];
  }
}
