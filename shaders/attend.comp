// formats: cache
// mixed[h] = sum over j of softmax_j(scale * absorbed[h] . cache[j]) * cache[j][:R], all heads of a workgroup on one
// tile of cached rows, which is decoded once and used for scores and sums. Workgroups in x: rows of the step; in y:
// parts of the positions; in z: groups of kHeads heads. A thread has kSums of the kHeads * R weighted sums.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/attend.args.h"
layout(push_constant, scalar) uniform Push { AttendArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/step.glsl"
layout(constant_id = 1) const uint kHeads = 1u;
layout(constant_id = 2) const uint kTile = 1u;   // cached rows at a time
layout(constant_id = 3) const uint kWidth = 1u;  // R+P
layout(constant_id = 4) const uint kSums = 1u;

shared float tile[kTile * kWidth];
shared float score[kHeads * kTile];
shared float largest[kHeads], total[kHeads], shrink[kHeads];

void load_tile(uint table, uint first, uint count) {
  const uint blocks = args.width / QUANT_VALUES, runs = args.width / QUANT_RUN;
  for (uint i = gl_LocalInvocationID.x; i < count * runs; i += gl_WorkGroupSize.x) {
    const uint j = i / runs, run = i % runs;
    float v[QUANT_RUN];
    BlockRow row = weight_row(args.cache, cache_row(args.blocks, table, first + j), blocks);
    decode_run(row, run / RUNS_OF_BLOCK, run % RUNS_OF_BLOCK, v);
    for (uint k = 0u; k < QUANT_RUN; ++k) tile[j * kWidth + run * QUANT_RUN + k] = v[k];
  }
}

void main() {
  const uint t = gl_WorkGroupID.x, part = gl_WorkGroupID.y, first_head = gl_WorkGroupID.z * kHeads;
  const uint lane = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
  const uint heads = min(kHeads, args.heads - first_head);
  const StepRow row = StepRows(args.rows).row[t];
  const uint end = min(uint(row.position) + 1u, (part + 1u) * args.part);
  if (part * args.part >= end) return;  // merge.comp knows
  const uint64_t queries = args.absorbed + (uint64_t(t) * args.heads + first_head) * args.width * 4u;
  float sum[kSums];
  for (uint i = 0u; i < kSums; ++i) sum[i] = 0.0;
  for (uint h = lane; h < heads; h += threads) total[h] = 0.0;
  for (uint first = part * args.part; first < end; first += kTile) {
    const uint count = min(kTile, end - first);
    barrier();
    load_tile(row.table, first, count);
    barrier();
    for (uint i = lane; i < heads * count; i += threads) {
      const uint h = i / count, j = i % count;
      float dot = 0.0;
      for (uint k = 0u; k < args.width; ++k) dot += Floats(queries).v[h * args.width + k] * tile[j * kWidth + k];
      score[h * kTile + j] = dot * args.scale;
    }
    barrier();
    for (uint h = lane; h < heads; h += threads) {
      const bool begins = first == part * args.part;
      float top = begins ? score[h * kTile] : largest[h];
      for (uint j = 0u; j < count; ++j) top = max(top, score[h * kTile + j]);
      shrink[h] = begins ? 0.0 : exp(largest[h] - top);
      float weights = 0.0;
      for (uint j = 0u; j < count; ++j) weights += score[h * kTile + j] = exp(score[h * kTile + j] - top);
      total[h] = total[h] * shrink[h] + weights;
      largest[h] = top;
    }
    barrier();
    for (uint i = 0u; i < kSums; ++i) {
      const uint at = i * threads + lane, h = at / args.rank;
      if (h >= heads) break;
      float value = sum[i] * shrink[h];
      for (uint j = 0u; j < count; ++j) value += score[h * kTile + j] * tile[j * kWidth + at % args.rank];
      sum[i] = value;
    }
  }
  barrier();
  for (uint i = 0u; i < kSums; ++i) {
    const uint at = i * threads + lane, h = at / args.rank, k = at % args.rank;
    if (h >= heads) break;
    if (args.partial == 0ul) {
      Floats(args.mixed + (uint64_t(t) * args.heads + first_head + h) * args.rank * 4u).v[k] = sum[i] / total[h];
      continue;
    }
    const uint64_t slot = (uint64_t(t) * gl_NumWorkGroups.y + part) * args.heads + first_head + h;
    Floats target = Floats(args.partial + slot * (args.rank + 2u) * 4u);
    target.v[k] = sum[i];
    if (k == 0u) target.v[args.rank] = largest[h], target.v[args.rank + 1u] = total[h];
  }
}
