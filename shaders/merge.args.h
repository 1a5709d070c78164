#ifndef GLIM_SHADERS_MERGE_ARGS_H
#define GLIM_SHADERS_MERGE_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(MergeArgs)
  Address rows;            ///< StepRow of every row
  Address partial, mixed;  ///< [T, parts, H, R+2]: weighted sums, largest score, sum of weights; out [T, H*R]
  uint heads, rank, parts;
  uint part;               ///< positions of a part
ARGS_END

#endif
