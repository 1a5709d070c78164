// See engine/quant/q4_1.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d, m;
  uint8_t qs[16];
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d), m = from_f16(BLOCK.m);
  for (uint i = 0u; i < 8u; ++i) v[i] = float(nibble(row, block, 8u * run + i)) * d + m;
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  uint codes[32];
  const vec2 steps = round_between(v, 15, codes);
  BLOCK.d = to_f16(steps.x);
  BLOCK.m = to_f16(steps.y);
  pack_nibbles(row, block, codes);
}
#endif
