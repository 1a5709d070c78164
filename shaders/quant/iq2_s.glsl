// See engine/quant/iq2_s.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[32];
  uint8_t signs[32];
  uint8_t qh[8];
  uint8_t scales[8];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint scale = (uint(BLOCK.scales[run / 4u]) >> (4u * (run / 2u % 2u))) & 15u;
  const uint point = 2u * (uint(BLOCK.qs[run]) | ((uint(BLOCK.qh[run / 4u]) >> (2u * (run % 4u))) & 3u) << 8);
  const float step = from_f16(BLOCK.d) * (0.5 + float(scale)) * 0.25;
  const uint low = TABLES.iq2_s[point], rest = TABLES.iq2_s[point + 1u], signs = uint(BLOCK.signs[run]);
  WRITE_POINT(low, rest, signs, step)
}
