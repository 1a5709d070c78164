// Lists of numbers in memory.
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Floats { float v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Ints { int v[]; };

// The factor on the values of matrix `index`, 1 without a list.
float scale_of(uint64_t scales, uint index) { return scales == 0ul ? 1.0 : Floats(scales).v[index]; }

#ifdef QUANT_VALUES
#define RUNS_OF_BLOCK uint(QUANT_VALUES / QUANT_RUN)
// Row `index` of a matrix with `blocks` blocks to a row.
BlockRow weight_row(uint64_t matrix, uint index, uint blocks) {
  return BlockRow(matrix + uint64_t(index) * blocks * QUANT_BYTES);
}
#endif
