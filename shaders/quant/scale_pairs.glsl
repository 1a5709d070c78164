// See engine/quant/scale_pairs.h. For blocks with a member scales[12]: scale and minimum of group k.
uvec2 scale_pair(BlockRow row, uint block, uint k) {
  if (k < 4u) return uvec2(uint(BLOCK.scales[k]) & 63u, uint(BLOCK.scales[k + 4u]) & 63u);
  const uint low = uint(BLOCK.scales[k + 4u]);
  return uvec2((low & 15u) | (uint(BLOCK.scales[k - 4u]) >> 6) << 4, (low >> 4) | (uint(BLOCK.scales[k]) >> 6) << 4);
}
