#ifndef GLIM_SHADERS_STORE_LATENT_ARGS_H
#define GLIM_SHADERS_STORE_LATENT_ARGS_H

#include "shaders/args.h"

ARGS_STRUCT(StoreLatentArgs)
  Address tables;
  Address rows, blocks;          ///< StepRow of every row; block tables
  Address latent, gain, rope;    ///< [T, R+P], [R], [T, P]
  Address cache;                 ///< [blocks * 64, R+P]
  uint rank, width;              ///< R, R+P
  float eps;
ARGS_END

#endif
