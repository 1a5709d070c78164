// See engine/quant/q2_k.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t scales[16];
  uint8_t qs[64];
  uint16_t d, dmin;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 2u, scales = uint(BLOCK.scales[group]);
  const float scale = from_f16(BLOCK.d) * float(scales & 15u), minimum = from_f16(BLOCK.dmin) * float(scales >> 4);
  const uint first = 32u * (group / 8u) + 16u * (group % 2u) + 8u * (run & 1u), shift = 2u * (group % 8u / 2u);
  for (uint i = 0u; i < 8u; ++i) v[i] = scale * float((uint(BLOCK.qs[first + i]) >> shift) & 3u) - minimum;
}
