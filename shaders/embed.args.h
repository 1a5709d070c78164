#ifndef GLIM_SHADERS_EMBED_ARGS_H
#define GLIM_SHADERS_EMBED_ARGS_H

#include "shaders/step.args.h"

ARGS_STRUCT(EmbedArgs)
  Address tables;
  Address rows;  ///< StepRow of every row
  Address table, scale, y;
  uint cols;
ARGS_END

#endif
