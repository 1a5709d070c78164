// See engine/quant/q3_k.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];
  uint16_t d;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 2u;
  const uint low = (uint(BLOCK.scales[group % 8u]) >> (4u * (group / 8u))) & 15u;
  const uint high = (uint(BLOCK.scales[8u + group % 4u]) >> (2u * (group / 4u))) & 3u;
  const float step = from_f16(BLOCK.d) * float(int(low | high << 4) - 32);
  const uint first = 16u * (group % 2u) + 8u * (run & 1u), shift = 2u * (group % 8u / 2u);
  for (uint i = 0u; i < 8u; ++i) {
    const uint bits = (uint(BLOCK.qs[32u * (group / 8u) + first + i]) >> shift) & 3u;
    const uint kept = (uint(BLOCK.hmask[first + i]) >> (group / 2u)) & 1u;
    v[i] = step * float(int(bits) - (kept != 0u ? 0 : 4));
  }
}
