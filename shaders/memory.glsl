// Lists of numbers in memory.
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Floats { float v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Ints { int v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Fours { vec4 v[]; };

// An address that may be read: a compiler may take a read out of the branch that guards it.
uint64_t address_or(uint64_t address, uint64_t other) { return address == 0ul ? other : address; }

#ifdef QUANT_VALUES
// The factor on the values of matrix `index`, 1 without a list.
float scale_of(uint64_t scales, uint index) {
  const float factor = Floats(address_or(scales, args.tables)).v[index];
  return scales == 0ul ? 1.0 : factor;
}

#define RUNS_OF_BLOCK uint(QUANT_VALUES / QUANT_RUN)
// Row `index` of a matrix with `blocks` blocks to a row.
BlockRow weight_row(uint64_t matrix, uint index, uint blocks) {
  return BlockRow(matrix + uint64_t(index) * blocks * QUANT_BYTES);
}
#endif
