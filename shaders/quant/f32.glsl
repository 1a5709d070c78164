// See engine/quant/f32.h.
#define QUANT_VALUES 1
#define QUANT_RUN 1
#define QUANT_ALIGN 4
#include "shaders/quant/block.glsl"

struct Block {
  float value;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  v[0] = BLOCK.value;
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  BLOCK.value = v[0];
}
#endif
