// See engine/quant/q3_0_rocmfpx.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[12];
  uint8_t e[2];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_e4m3(uint(BLOCK.e[run / 2u]));
  // Eight codes of three bits are three bytes.
  const uint bits = uint(BLOCK.qs[3u * run]) | uint(BLOCK.qs[3u * run + 1u]) << 8 | uint(BLOCK.qs[3u * run + 2u]) << 16;
  for (uint i = 0u; i < 8u; ++i) v[i] = TABLES.rocmfp3[(bits >> (3u * i)) & 7u] * d;
}
