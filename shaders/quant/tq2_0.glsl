// See engine/quant/tq2_0.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[64];
  uint16_t d;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  const uint group = run / 4u, first = 32u * (group / 4u) + 8u * (run % 4u), shift = 2u * (group % 4u);
  for (uint i = 0u; i < 8u; ++i) v[i] = float(int((uint(BLOCK.qs[first + i]) >> shift) & 3u) - 1) * d;
}
