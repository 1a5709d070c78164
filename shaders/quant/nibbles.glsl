// The order of 32 four-bit codes that most formats share: byte i has value i in its low nibble and value i + 16
// in its high one. For blocks with a member qs[16].
uint nibble(BlockRow row, uint block, uint i) { return (uint(BLOCK.qs[i & 15u]) >> (4u * (i >> 4))) & 15u; }

#ifdef QUANT_ENCODE
#include "shaders/quant/rounding.glsl"

void pack_nibbles(BlockRow row, uint block, uint codes[32]) {
  for (uint i = 0u; i < 16u; ++i) BLOCK.qs[i] = uint8_t((codes[i] & 15u) | (codes[i + 16u] & 15u) << 4);
}
#endif
