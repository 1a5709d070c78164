#ifndef GLIM_SHADERS_GROUP_ARGS_H
#define GLIM_SHADERS_GROUP_ARGS_H

#include "shaders/args.h"

/// Inputs that go through the same matrix together: `count` entries of the order from `first` on.
ARGS_STRUCT(Tile)
  uint matrix, first, count;
ARGS_END

ARGS_STRUCT(GroupArgs)
  Address chosen;       ///< [pairs] matrices
  Address order;        ///< out [pairs]: all pairs, those of a matrix side by side
  Address tiles;        ///< out [most_tiles]; those that are not needed have count 0
  uint pairs, experts;  ///< experts at most 1024
  uint tile, most_tiles;  ///< inputs of a tile at most
ARGS_END

#endif
