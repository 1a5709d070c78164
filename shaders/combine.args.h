#ifndef GLIM_SHADERS_COMBINE_ARGS_H
#define GLIM_SHADERS_COMBINE_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(CombineArgs)
  Address x;       ///< [T, D], added to
  Address parts;   ///< [T, choices, D]
  Address weight;  ///< [T, choices]
  uint width, choices;
ARGS_END

#endif
