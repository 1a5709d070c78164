// See engine/quant/q4_0.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[16];
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 8u; ++i) v[i] = float(int(nibble(row, block, 8u * run + i)) - 8) * d;
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  uint codes[32];
  BLOCK.d = to_f16(round_symmetric(v, 8, codes));
  pack_nibbles(row, block, codes);
}
#endif
