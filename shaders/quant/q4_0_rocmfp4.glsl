// See engine/quant/q4_0_rocmfp4.h.
#define QUANT_VALUES 32
#define QUANT_RUN 8
#define QUANT_ALIGN 1
#include "shaders/quant/block.glsl"

struct Block {
  uint8_t qs[16];
  uint8_t e[2];
};
QUANT_ROW
#include "shaders/quant/nibbles.glsl"

void decode_run(BlockRow row, uint block, uint run, out float v[QUANT_RUN]) {
  const float d = half_e4m3(uint(BLOCK.e[run / 2u]));
  for (uint i = 0u; i < 8u; ++i) v[i] = TABLES.rocmfp4[nibble(row, block, 8u * run + i)] * d;
}

#ifdef QUANT_ENCODE
float level_bound(uint k) { return 0.5 * (TABLES.rocmfp4[k] + TABLES.rocmfp4[k + 1u]); }

float error_of(float v[16], float d) {
  float sum = 0.0;
  for (uint i = 0u; i < 16u; ++i) {
    float nearest = 0.0;
    for (uint k = 0u; k < 7u; ++k) nearest = abs(v[i]) > level_bound(k) * d ? TABLES.rocmfp4[k + 1u] * d : nearest;
    sum += (abs(v[i]) - nearest) * (abs(v[i]) - nearest);
  }
  return sum;
}

// For each half the scale of least squared error of all, the lower of two; codes to the nearest level, of two the
// smaller. What is not a number counts as 0, infinity as a very large number.
void encode_block(BlockRow row, uint block, float v[QUANT_VALUES]) {
  for (uint part = 0u; part < 2u; ++part) {
    float values[16];
    for (uint i = 0u; i < 16u; ++i) {
      const float value = v[16u * part + i];
      values[i] = (floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u ? 0.0 : clamp(value, -65536.0, 65536.0);
    }
    uint best = 0u;
    float least = error_of(values, 0.0);
    for (uint e = 1u; e <= 126u && least > 0.0; ++e) {
      const float sum = error_of(values, half_e4m3(e));
      if (sum < least) best = e, least = sum;
    }
    BLOCK.e[part] = uint8_t(best);
    const float d = half_e4m3(best);
    for (uint i = 0u; i < 16u; ++i) {
      uint code = 0u;
      for (uint k = 0u; k < 7u; ++k) code += abs(values[i]) > level_bound(k) * d ? 1u : 0u;
      if (code != 0u && values[i] < 0.0) code += 8u;
      BLOCK.qs[i] = uint8_t(part == 0u ? code : uint(BLOCK.qs[i]) | code << 4);
    }
  }
}
#endif
