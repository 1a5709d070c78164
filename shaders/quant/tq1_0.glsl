// See engine/quant/tq1_0.h.
#define QUANT_VALUES 256
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[48];
  uint8_t qh[4];
  uint16_t d;
};
QUANT_ROW

// Trit n of a byte b is the upper digit of b * 3^n, taken modulo 256, in base 3.
int trit(BlockRow row, uint block, uint at) {
  const uint powers[5] = uint[](1u, 3u, 9u, 27u, 81u);
  uint byte, n;
  if (at < 160u) {
    byte = uint(BLOCK.qs[at % 32u]), n = at / 32u;
  } else if (at < 240u) {
    byte = uint(BLOCK.qs[32u + (at - 160u) % 16u]), n = (at - 160u) / 16u;
  } else {
    byte = uint(BLOCK.qh[(at - 240u) % 4u]), n = (at - 240u) / 4u;
  }
  return int((((byte * powers[n]) & 255u) * 3u) >> 8);
}

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 8u; ++i) v[i] = float(trit(row, block, 8u * run + i) - 1) * d;
}
