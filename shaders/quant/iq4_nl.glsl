// See engine/quant/iq4_nl.h.
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
  for (uint i = 0u; i < 8u; ++i) v[i] = d * TABLES.uneven[nibble(row, block, 8u * run + i)];
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  const float largest = signed_largest(v), inverse = usable_inverse(largest / TABLES.uneven[0]);
  uint codes[32];
  for (uint i = 0u; i < 32u; ++i) codes[i] = 0u;
  for (uint k = 0u; k < 15u && inverse != 0.0; ++k) {
    const float edge = 0.5 * (TABLES.uneven[k] + TABLES.uneven[k + 1u]);
    for (uint i = 0u; i < 32u; ++i) codes[i] += v[i] * inverse >= edge ? 1u : 0u;
  }
  float along = 0.0, size = 0.0;
  for (uint i = 0u; i < 32u; ++i) {
    const float level = TABLES.uneven[codes[i]], weight = inverse != 0.0 ? v[i] * v[i] : 0.0;
    along += weight * level * v[i];
    size += weight * level * level;
  }
  BLOCK.d = to_f16(size > 0.0 ? along / size : not_finite(largest) ? NOT_A_NUMBER : 0.0);
  pack_nibbles(row, block, codes);
}
#endif
