// See engine/quant/iq2_xxs.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint16_t qs[32];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  // Two bytes to a word: the indices of a group in the first two, signs and scale in the others.
  const uint group = run / 4u, k = run % 4u;
  const uint index = (uint(BLOCK.qs[4u * group + k / 2u]) >> (8u * (k % 2u))) & 255u;
  const uint word = uint(BLOCK.qs[4u * group + 2u]) | uint(BLOCK.qs[4u * group + 3u]) << 16;
  const float step = from_f16(BLOCK.d) * (0.5 + float(word >> 28)) * 0.25;
  const uint low = TABLES.iq2_xxs[2u * index], rest = TABLES.iq2_xxs[2u * index + 1u];
  const uint signs = sign_mask(word >> (7u * k));
  WRITE_POINT(low, rest, signs, step)
}
