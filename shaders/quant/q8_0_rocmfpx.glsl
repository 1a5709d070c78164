// See engine/quant/q8_0_rocmfpx.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  int8_t q[32];
  uint8_t e;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_e4m3(uint(BLOCK.e));
  for (uint i = 0u; i < 8u; ++i) v[i] = float(BLOCK.q[8u * run + i]) * d;
}
