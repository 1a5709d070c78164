// See engine/quant/q5_0.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qh[4];
  uint8_t qs[16];
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"
#include "shaders/quant/fifth_bit.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 8u; ++i) {
    const uint at = 8u * run + i;
    v[i] = float(int(nibble(row, block, at) | fifth_bit(row, block, at)) - 16) * d;
  }
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  uint codes[32];
  BLOCK.d = to_f16(round_symmetric(v, 16, codes));
  pack_nibbles(row, block, codes);
  pack_fifth_bits(row, block, codes);
}
#endif
