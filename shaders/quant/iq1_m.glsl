// See engine/quant/iq1_m.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[32];
  uint8_t qh[16];
  uint8_t scales[8];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  uint d = 0u;
  for (uint word = 0u; word < 4u; ++word) d |= (uint(BLOCK.scales[2u * word + 1u]) >> 4) << (4u * word);
  const uint group = run / 2u, high = (uint(BLOCK.qh[group]) >> (4u * (run % 2u))) & 15u;
  const uint word = uint(BLOCK.scales[group / 4u * 2u]) | uint(BLOCK.scales[group / 4u * 2u + 1u]) << 8;
  const float step = from_f16(uint16_t(d)) * float(2u * ((word >> (3u * (group % 4u))) & 7u) + 1u);
  const uint point = 2u * (uint(BLOCK.qs[run]) | (high & 7u) << 8);
  const uint low = TABLES.iq1[point], rest = TABLES.iq1[point + 1u];
  WRITE_SHIFTED_POINT(low, rest, (high & 8u) != 0u ? -0.125 : 0.125, step)
}
