// See engine/quant/q6_0_rocmfpx.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[24];
  uint8_t e[2];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_e4m3(uint(BLOCK.e[run / 2u]));
  for (uint i = 0u; i < 8u; ++i) {
    const uint bit = 6u * (8u * run + i), low = uint(BLOCK.qs[bit / 8u]);
    const uint high = bit / 8u < 23u ? uint(BLOCK.qs[bit / 8u + 1u]) : 0u;
    const uint code = ((low | high << 8) >> (bit % 8u)) & 63u;
    // Minus zero means -32.
    v[i] = float(code == 32u ? -32 : (code & 32u) != 0u ? -int(code & 31u) : int(code)) * d;
  }
}
