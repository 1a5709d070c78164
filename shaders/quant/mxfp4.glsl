// See engine/quant/mxfp4.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t e;
  uint8_t qs[16];
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_power_of_two(uint(BLOCK.e));
  for (uint i = 0u; i < 8u; ++i) v[i] = TABLES.fp4[nibble(row, block, 8u * run + i)] * d;
}
