#include "shaders/step.args.h"

const uint kKvBlock = 64u;  // kBlockTokens of engine/tensor/ops.h

layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer StepRows { StepRow row[]; };

// Row of the cache that holds `position` of the sequence whose block table begins at `table`.
uint cache_row(uint64_t tables, uint table, uint position) {
  return uint(Ints(tables).v[table + position / kKvBlock]) * kKvBlock + position % kKvBlock;
}
