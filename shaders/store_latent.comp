// formats: cache
// cache row of (sequence, position) = [rms_norm(latent[:R]) | rope(latent[R:])] in the format of the cache. One
// workgroup per row; a thread rounds a block.
#version 460
#extension GL_GOOGLE_include_directive : require
#define QUANT_ENCODE
#include "shaders/language.glsl"
#include "shaders/store_latent.args.h"
layout(push_constant, scalar) uniform Push { StoreLatentArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"
#include "shaders/step.glsl"

float value_at(Floats latent, Floats rope, float inverse, uint i) {
  if (i < args.rank) return latent.v[i] * inverse * Floats(args.gain).v[i];
  const uint place = i - args.rank, pair = place & ~1u;
  const float a = latent.v[args.rank + pair], b = latent.v[args.rank + pair + 1u];
  const float c = rope.v[pair], s = rope.v[pair + 1u];
  return place == pair ? a * c - b * s : a * s + b * c;
}

void main() {
  const uint t = gl_WorkGroupID.x, blocks = args.width / QUANT_VALUES;
  const uint64_t own = args.latent + uint64_t(t) * args.width * 4u;
  Floats latent = Floats(own), rope = Floats(args.rope + uint64_t(t) * (args.width - args.rank) * 4u);
  const float inverse = inverse_rms(own, args.rank, args.eps);
  const StepRow step = StepRows(args.rows).row[t];
  BlockRow row = weight_row(args.cache, cache_row(args.blocks, step.table, uint(step.position)), blocks);
  for (uint block = gl_LocalInvocationID.x; block < blocks; block += gl_WorkGroupSize.x) {
    float v[QUANT_VALUES];
    for (uint i = 0u; i < QUANT_VALUES; ++i) v[i] = value_at(latent, rope, inverse, block * QUANT_VALUES + i);
    encode_block(row, block, v);
  }
}
