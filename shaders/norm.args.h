#ifndef GLIM_SHADERS_NORM_ARGS_H
#define GLIM_SHADERS_NORM_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(NormArgs)
  Address x, gain, y;  ///< [T, D], [D], out [T, D]
  uint width;
  float eps;
ARGS_END

#endif
