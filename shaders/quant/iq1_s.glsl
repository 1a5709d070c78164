// See engine/quant/iq1_s.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[32];
  uint16_t qh[8];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint word = uint(BLOCK.qh[run / 4u]);
  const float step = from_f16(BLOCK.d) * float(2u * ((word >> 12) & 7u) + 1u);
  const uint point = 2u * (uint(BLOCK.qs[run]) | ((word >> (3u * (run % 4u))) & 7u) << 8);
  const uint low = TABLES.iq1[point], rest = TABLES.iq1[point + 1u];
  WRITE_SHIFTED_POINT(low, rest, (word & 0x8000u) != 0u ? -0.125 : 0.125, step)
}
