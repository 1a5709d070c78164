#ifndef GLIM_SHADERS_ATTEND_ARGS_H
#define GLIM_SHADERS_ATTEND_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(AttendArgs)
  Address tables;
  Address rows, blocks;     ///< StepRow of every row; block tables
  Address absorbed, cache;  ///< [T, H*(R+P)], [blocks * 64, R+P]
  Address mixed;            ///< out [T, H*R]
  Address partial;          ///< with several parts: [T, parts, H, R+2], else 0
  uint heads, rank, width;  ///< H, R, R+P
  uint part;                ///< positions of a part
  float scale;
ARGS_END

#endif
