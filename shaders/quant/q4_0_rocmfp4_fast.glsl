// See engine/quant/q4_0_rocmfp4_fast.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[16];
  uint8_t e;
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_e4m3(uint(BLOCK.e));
  for (uint i = 0u; i < 8u; ++i) v[i] = TABLES.rocmfp4[nibble(row, block, 8u * run + i)] * d;
}
