// See engine/quant/q4_k.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d, dmin;
  uint8_t scales[12];
  uint8_t qs[128];
};
QUANT_ROW
#include "shaders/quant/scale_pairs.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, first = 32u * (group / 2u) + 8u * (run % 4u), shift = 4u * (group % 2u);
  const uvec2 pair = scale_pair(row, block, group);
  const float scale = from_f16(BLOCK.d) * float(pair.x), minimum = from_f16(BLOCK.dmin) * float(pair.y);
  for (uint i = 0u; i < 8u; ++i) v[i] = scale * float((uint(BLOCK.qs[first + i]) >> shift) & 15u) - minimum;
}
