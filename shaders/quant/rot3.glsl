// See engine/quant/rot3.h.
#define QUANT_VALUES 64
#define QUANT_RUN 64
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  uint8_t qs[16];
  uint8_t qh[8];
};
QUANT_ROW

#define ROTATED_LEVELS 8u
#define ROTATED_LEVEL(code) TABLES.rot3[code]
#include "shaders/quant/rotation.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 64u; ++i) {
    const uint low = (uint(BLOCK.qs[i & 15u]) >> (2u * (i >> 4))) & 3u;
    v[i] = ROTATED_LEVEL(low | ((uint(BLOCK.qh[i / 8u]) >> (i % 8u)) & 1u) << 2) * d;
  }
  rotate_back(v);
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  uint codes[64];
  rotate_values(v);
  BLOCK.d = to_f16(round_to_levels(v, codes));
  for (uint i = 0u; i < 16u; ++i) {
    uint low = 0u;
    for (uint k = 0u; k < 4u; ++k) low |= (codes[16u * k + i] & 3u) << (2u * k);
    BLOCK.qs[i] = uint8_t(low);
  }
  for (uint i = 0u; i < 8u; ++i) {
    uint high = 0u;
    for (uint k = 0u; k < 8u; ++k) high |= (codes[8u * i + k] >> 2) << k;
    BLOCK.qh[i] = uint8_t(high);
  }
}
#endif
