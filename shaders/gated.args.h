#ifndef GLIM_SHADERS_GATED_ARGS_H
#define GLIM_SHADERS_GATED_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(GatedArgs)
  Address tables;
  Address gate, up;                ///< matrices [rows, cols]
  Address gate_scales, up_scales;  ///< one factor for each, or 0
  Address x, y;                    ///< [T, cols]; [T, rows] or [T * choices, rows], f32
  Address gain;                    ///< [cols], or 0: x is normed already
  Address chosen;                  ///< [T, choices] matrices, or tiles, or 0: the first
  Address order;                   ///< with tiles: that of group.comp, else 0
  uint cols, rows, tokens, choices;
  uint gate_pitch, up_pitch;       ///< rows from one matrix to the next
  float eps;
ARGS_END

#endif
