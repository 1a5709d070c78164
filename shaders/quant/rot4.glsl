// See engine/quant/rot4.h.
#define QUANT_VALUES 64
#define QUANT_RUN 64
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[32];
};
QUANT_ROW

#define ROTATED_LEVELS 16u
#define ROTATED_LEVEL(code) TABLES.rot4[code]
#include "shaders/quant/rotation.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 64u; ++i) {
    v[i] = ROTATED_LEVEL((uint(BLOCK.qs[i & 31u]) >> (4u * (i >> 5))) & 15u) * d;
  }
  rotate_back(v);
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  uint codes[64];
  rotate_values(v);
  BLOCK.d = to_f16(round_to_levels(v, codes));
  for (uint i = 0u; i < 32u; ++i) BLOCK.qs[i] = uint8_t(codes[i] | codes[i + 32u] << 4);
}
#endif
