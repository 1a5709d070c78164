#ifndef GLIM_SHADERS_QUANT_TABLES_ARGS_H
#define GLIM_SHADERS_QUANT_TABLES_ARGS_H

#include "shaders/args.h"

/// Point tables and levels of the formats, filled from engine/quant (grids.h, levels.h, normal_levels.h,
/// rotation.h). The points of eight values are two words each, the first four values in the first.
ARGS_STRUCT(QuantTables)
  uint iq2_xxs[512];
  uint iq2_xs[1024];
  uint iq2_s[2048];
  uint iq3_xxs[256];
  uint iq3_s[512];
  uint iq1[4096];
  float uneven[16], fp4[16], rocmfp4[16], rocmfp3[8];
  float rot3[8], rot4[16];
  float rotation[64];
ARGS_END

#endif
