// See engine/quant/bf16.h.
#define QUANT_VALUES 1
#define QUANT_RUN 1
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t bits;
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  v[0] = uintBitsToFloat(uint(BLOCK.bits) << 16);
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  const uint bits = floatBitsToUint(v[0]);
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  BLOCK.bits = uint16_t(nan ? (bits >> 16) | 0x40u : (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
#endif
