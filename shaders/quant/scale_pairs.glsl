// See engine/quant/scale_pairs.h. For blocks with a member scales[3] of four bytes each: scale and minimum of group k.
uvec2 scale_pair(BlockRow row, uint block, uint k) {
  const uint shift = 8u * (k & 3u), first = BLOCK.scales[0] >> shift, second = BLOCK.scales[1] >> shift;
  if (k < 4u) return uvec2(first & 63u, second & 63u);
  const uint low = BLOCK.scales[2] >> shift;
  return uvec2((low & 15u) | (first >> 2 & 0x30u), (low >> 4 & 15u) | (second >> 2 & 0x30u));
}
