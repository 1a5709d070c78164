#ifndef GLIM_SHADERS_VALUE_ARGS_H
#define GLIM_SHADERS_VALUE_ARGS_H

#include "shaders/args.h"

ARGS_CONSTANT(kMostParts, 64u)  // into which the positions of a row are cut

ARGS_STRUCT(ValueArgs)
  Address tables;
  Address rows;             ///< StepRow of every row
  Address weights, scales;  ///< H matrices [O, R]; one factor for each, or 0
  Address partial;          ///< [T, parts, H, R+2], as attend.comp leaves it
  Address y;                ///< out [T, H*O]
  uint heads, rank, width;  ///< H, R, O
  uint pitch;               ///< rows from one matrix to the next
  uint parts, part;         ///< the most of any row, positions of each
ARGS_END

#endif
