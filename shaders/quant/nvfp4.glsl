// See engine/quant/nvfp4.h.
#define QUANT_VALUES 64
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t e[4];
  uint8_t qs[32];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const uint group = run / 2u, e = uint(BLOCK.e[group]);
  const float d = e == 0xffu ? 240.0 : half_e4m3(e & 0x7fu);
  for (uint i = 0u; i < 8u; ++i) {
    v[i] = TABLES.fp4[(uint(BLOCK.qs[8u * group + i]) >> (4u * (run & 1u))) & 15u] * d;
  }
}
