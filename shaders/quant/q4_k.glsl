// See engine/quant/q4_k.h. Read four bytes at a time.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 16
#include "shaders/quant/block.glsl"

struct Block {
  uint d_dmin;
  uint scales[3];
  uint qs[32];
};
QUANT_ROW
#include "shaders/quant/scale_pairs.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, first = 8u * (group / 2u) + 2u * (run % 4u), shift = 4u * (group % 2u);
  const uvec2 pair = scale_pair(row, block, group);
  const vec2 steps = unpackHalf2x16(BLOCK.d_dmin) * vec2(pair);
  const uvec2 codes = uvec2(BLOCK.qs[first], BLOCK.qs[first + 1u]) >> shift;
  for (uint i = 0u; i < 8u; ++i) v[i] = steps.x * float(codes[i / 4u] >> (8u * (i & 3u)) & 15u) - steps.y;
}
