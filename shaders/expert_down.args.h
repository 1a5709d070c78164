#ifndef GLIM_SHADERS_EXPERT_DOWN_ARGS_H
#define GLIM_SHADERS_EXPERT_DOWN_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(ExpertDownArgs)
  Address tables;
  Address down, scales;                ///< matrices [D, F]
  Address shared_down, shared_scales;  ///< [D, S], or 0
  Address x;                           ///< [T, D], added to
  Address hidden, shared_hidden;       ///< [T, choices * F], [T, S]
  Address chosen, weight;              ///< [T, choices]
  uint width, hidden_width, shared_width, choices;
  uint pitch;                          ///< rows from one matrix to the next
ARGS_END

#endif
