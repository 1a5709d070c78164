// See engine/quant/q6_k.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, part = group / 4u, k = group % 4u, at = 8u * (run % 4u);
  const float step = from_f16(BLOCK.d) * float(BLOCK.scales[run / 2u]);
  for (uint i = 0u; i < 8u; ++i) {
    const uint low = (uint(BLOCK.ql[64u * part + 32u * (k % 2u) + at + i]) >> (4u * (k / 2u))) & 15u;
    const uint high = (uint(BLOCK.qh[32u * part + at + i]) >> (2u * k)) & 3u;
    v[i] = step * float(int(low | high << 4) - 32);
  }
}
