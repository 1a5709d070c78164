// formats: weights
// out[t] = row `token` of the table, decoded. One workgroup per row; its threads share the runs.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/embed.args.h"
layout(push_constant, scalar) uniform Push { EmbedArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/step.glsl"

void main() {
  const uint t = gl_WorkGroupID.x;
  const int token = StepRows(args.rows).row[t].token;
  const uint blocks = args.cols / QUANT_VALUES, runs = args.cols / QUANT_RUN;
  BlockRow row = weight_row(args.table, uint(token), blocks);
  const float scale = scale_of(args.scale, 0u);
  Floats result = Floats(args.y + uint64_t(t) * args.cols * 4u);
  for (uint r = gl_LocalInvocationID.x; r < runs; r += gl_WorkGroupSize.x) {
    float v[QUANT_RUN];
    decode_run(row, r / RUNS_OF_BLOCK, r % RUNS_OF_BLOCK, v);
    for (uint i = 0u; i < QUANT_RUN; ++i) result.v[r * QUANT_RUN + i] = v[i] * scale;
  }
}
