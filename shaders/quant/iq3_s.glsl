// See engine/quant/iq3_s.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, qh = uint(BLOCK.qh[group]) >> (2u * (run % 4u));
  const uint scale = (uint(BLOCK.scales[group / 2u]) >> (4u * (group % 2u))) & 15u;
  const float step = from_f16(BLOCK.d) * float(1u + 2u * scale);
  const uint low = TABLES.iq3_s[uint(BLOCK.qs[2u * run]) | (qh & 1u) << 8];
  const uint rest = TABLES.iq3_s[uint(BLOCK.qs[2u * run + 1u]) | (qh & 2u) << 7];
  const uint signs = uint(BLOCK.signs[run]);
  WRITE_POINT(low, rest, signs, step)
}
