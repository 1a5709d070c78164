// See engine/quant/iq4_xs.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint16_t scales_high;
  uint8_t scales_low[4];
  uint8_t qs[128];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, shift = run & 2u, first = 16u * group + 8u * (run & 1u);
  const uint low = (uint(BLOCK.scales_low[group / 2u]) >> (4u * (group % 2u))) & 15u;
  const uint high = (uint(BLOCK.scales_high) >> (2u * group)) & 3u;
  const float step = from_f16(BLOCK.d) * float(int(low | high << 4) - 32);
  for (uint i = 0u; i < 8u; ++i) v[i] = step * TABLES.uneven[(uint(BLOCK.qs[first + i]) >> (2u * shift)) & 15u];
}
