#ifndef GLIM_SHADERS_COPY_ARGS_H
#define GLIM_SHADERS_COPY_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(CopyArgs)
Address y, x;  ///< out [count], [count]
uint count;
ARGS_END

#endif
