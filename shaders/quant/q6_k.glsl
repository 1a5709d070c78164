// See engine/quant/q6_k.h. Read two bytes at a time.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t ql[64];
  uint16_t qh[32];
  int8_t scales[16];
  uint16_t d;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 4u, part = group / 4u, k = group % 4u, at = 4u * (run % 4u);
  const float step = from_f16(BLOCK.d) * float(BLOCK.scales[run / 2u]);
  for (uint i = 0u; i < 8u; i += 2u) {
    const uint low = uint(BLOCK.ql[32u * part + 16u * (k % 2u) + at + i / 2u]) >> (4u * (k / 2u));
    const uint high = uint(BLOCK.qh[16u * part + at + i / 2u]) >> (2u * k);
    v[i] = step * float(int((low & 15u) | (high & 3u) << 4) - 32);
    v[i + 1u] = step * float(int((low >> 8 & 15u) | (high >> 8 & 3u) << 4) - 32);
  }
}
