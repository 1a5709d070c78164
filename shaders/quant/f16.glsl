// See engine/quant/f16.h.
#define QUANT_VALUES 1
#define QUANT_RUN 1
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t bits;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  v[0] = from_f16(BLOCK.bits);
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  BLOCK.bits = to_f16(v[0]);
}
#endif
