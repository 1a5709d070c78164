// See engine/quant/iq3_xxs.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[64];
  uint16_t signs[16];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  // Two words of `signs` to a group: signs below a scale.
  const uint group = run / 4u, k = run % 4u;
  const uint word = uint(BLOCK.signs[2u * group]) | uint(BLOCK.signs[2u * group + 1u]) << 16;
  const float step = from_f16(BLOCK.d) * (0.5 + float(word >> 28)) * 0.5;
  const uint low = TABLES.iq3_xxs[uint(BLOCK.qs[2u * run])], rest = TABLES.iq3_xxs[uint(BLOCK.qs[2u * run + 1u])];
  const uint signs = sign_mask(word >> (7u * k));
  WRITE_POINT(low, rest, signs, step)
}
