#ifndef GLIM_SHADERS_STEP_ARGS_H
#define GLIM_SHADERS_STEP_ARGS_H

#include "shaders/args.h"

/// One row of a step, as the device reads it.
ARGS_STRUCT(StepRow)
  int token, position;
  uint table;  ///< where in the list of all block tables that of its sequence begins
ARGS_END

#endif
