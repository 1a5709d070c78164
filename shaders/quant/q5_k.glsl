// See engine/quant/q5_k.h. Read four bytes at a time.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 16
#include "shaders/quant/block.glsl"

struct Block {
  uint d_dmin;
  uint scales[3];
  uint qh[8];
  uint qs[32];
};
QUANT_ROW
#include "shaders/quant/scale_pairs.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, at = 2u * (run % 4u), first = 8u * (group / 2u) + at, shift = 4u * (group % 2u);
  const uvec2 pair = scale_pair(row, block, group);
  const vec2 steps = unpackHalf2x16(BLOCK.d_dmin) * vec2(pair);
  const uvec2 low = uvec2(BLOCK.qs[first], BLOCK.qs[first + 1u]) >> shift;
  const uvec2 high = uvec2(BLOCK.qh[at], BLOCK.qh[at + 1u]) >> group;
  for (uint i = 0u; i < 8u; ++i) {
    const uint bit = 8u * (i & 3u);
    v[i] = steps.x * float((low[i / 4u] >> bit & 15u) | (high[i / 4u] >> bit & 1u) << 4) - steps.y;
  }
}
