// See engine/quant/iq2_xs.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint16_t qs[32];
  uint8_t scales[8];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint scale = (uint(BLOCK.scales[run / 4u]) >> (4u * (run / 2u % 2u))) & 15u, word = uint(BLOCK.qs[run]);
  const float step = from_f16(BLOCK.d) * (0.5 + float(scale)) * 0.25;
  const uint point = 2u * (word & 511u), signs = sign_mask(word >> 9);
  const uint low = TABLES.iq2_xs[point], rest = TABLES.iq2_xs[point + 1u];
  WRITE_POINT(low, rest, signs, step)
}
