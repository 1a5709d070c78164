// See engine/quant/q8_0.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 2
#include "shaders/quant/block.glsl"

struct Block {
  uint16_t d;
  int8_t q[32];
};
QUANT_ROW

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = from_f16(BLOCK.d);
  for (uint i = 0u; i < 8u; ++i) v[i] = float(BLOCK.q[8u * run + i]) * d;
}

#ifdef QUANT_ENCODE
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  float largest = 0.0;
  for (uint i = 0u; i < 32u; ++i) largest = not_finite(v[i]) ? INFINITE : max(largest, abs(v[i]));
  const float d = largest / 127.0, inverse = not_finite(1.0 / d) || not_finite(d) ? 0.0 : 1.0 / d;
  BLOCK.d = to_f16(d);
  for (uint i = 0u; i < 32u; ++i) {
    const float scaled = v[i] * inverse;
    // Half away from zero. A zero code would hide a scale that is not finite.
    BLOCK.q[i] = not_finite(d) ? int8_t(1) : int8_t(sign(scaled) * floor(abs(scaled) + 0.5));
  }
}
#endif
