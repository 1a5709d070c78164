// formats: weights
// y[h] = v_b[h] . mixed[h], where mixed[h] is joined from the parts that attend.comp left. Workgroups in x: groups of
// kRows rows of a matrix; in y: heads; in z: rows of the step.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/value.args.h"
layout(push_constant, scalar) uniform Push { ValueArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/step.glsl"
layout(constant_id = 1) const uint kRows = 1u;
layout(constant_id = 2) const uint kRank = 1u;

shared float mixed[kRank], factor[kMostParts];

void join_parts(uint t, uint h) {
  const uint lane = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
  const uint parts = uint(StepRows(args.rows).row[t].position) / args.part + 1u;
  const uint64_t first = args.partial + (uint64_t(t) * args.parts * args.heads + h) * (args.rank + 2u) * 4u;
  const uint64_t step = uint64_t(args.heads) * (args.rank + 2u) * 4u;
  for (uint p = lane; p < parts; p += threads) factor[p] = Floats(first + p * step).v[args.rank];
  barrier();
  float largest = factor[0], total = 0.0;
  for (uint p = 1u; p < parts; ++p) largest = max(largest, factor[p]);
  for (uint p = 0u; p < parts; ++p) {
    total += Floats(first + p * step).v[args.rank + 1u] * exp(factor[p] - largest);
  }
  barrier();
  for (uint p = lane; p < parts; p += threads) factor[p] = exp(factor[p] - largest) / total;
  barrier();
  for (uint k = lane; k < args.rank; k += threads) {
    float sum = 0.0;
    for (uint p = 0u; p < parts; ++p) sum += Floats(first + p * step).v[k] * factor[p];
    mixed[k] = sum;
  }
  barrier();
}

void main() {
  const uint h = gl_WorkGroupID.y, t = gl_WorkGroupID.z;
  join_parts(t, h);
  const uint blocks = args.rank / QUANT_VALUES, runs = args.rank / QUANT_RUN;
  const uint64_t matrix = args.weights + uint64_t(h) * args.pitch * blocks * QUANT_BYTES;
  const float scale = scale_of(args.scales, h);
  Floats y = Floats(args.y + (uint64_t(t) * args.heads + h) * args.width * 4u);
  // Each subgroup makes rows of its own.
  for (uint r = gl_SubgroupID; r < kRows; r += gl_NumSubgroups) {
    const uint row = gl_WorkGroupID.x * kRows + r;
    if (row >= args.width) break;
    float sum = 0.0;
    for (uint run = gl_SubgroupInvocationID; run < runs; run += gl_SubgroupSize) {
      float w[QUANT_RUN];
      decode_run(weight_row(matrix, row, blocks), run / RUNS_OF_BLOCK, run % RUNS_OF_BLOCK, w);
      for (uint i = 0u; i < QUANT_RUN; ++i) sum += w[i] * mixed[run * QUANT_RUN + i];
    }
    sum = subgroupAdd(sum);
    if (subgroupElect()) y.v[row] = sum * scale;
  }
}
