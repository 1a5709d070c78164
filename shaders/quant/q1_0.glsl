// See engine/quant/q1_0.h.
#define QUANT_VALUES 128
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[16];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 8u; ++i) v[i] = ((uint(BLOCK.qs[run]) >> i) & 1u) != 0u ? d : -d;
}
