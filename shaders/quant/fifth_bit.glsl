// Bit i of the 32 bits of a member qh[4] is the fifth bit of code i.
uint fifth_bit(BlockRow row, uint block, uint i) { return ((uint(BLOCK.qh[i / 8u]) >> (i % 8u)) & 1u) << 4; }

#ifdef QUANT_ENCODE
void pack_fifth_bits(BlockRow row, uint block, uint codes[32]) {
  for (uint byte = 0u; byte < 4u; ++byte) {
    uint bits = 0u;
    for (uint i = 0u; i < 8u; ++i) bits |= ((codes[8u * byte + i] >> 4) & 1u) << i;
    BLOCK.qh[byte] = uint8_t(bits);
  }
}
#endif
