#pragma once

#include "engine/quant/bf16.h"
#include "engine/quant/f16.h"
#include "engine/quant/f32.h"
#include "engine/quant/iq1_m.h"
#include "engine/quant/iq1_s.h"
#include "engine/quant/iq2_s.h"
#include "engine/quant/iq2_xs.h"
#include "engine/quant/iq2_xxs.h"
#include "engine/quant/iq3_s.h"
#include "engine/quant/iq3_xxs.h"
#include "engine/quant/iq4_nl.h"
#include "engine/quant/iq4_xs.h"
#include "engine/quant/mxfp4.h"
#include "engine/quant/nvfp4.h"
#include "engine/quant/q1_0.h"
#include "engine/quant/q2_k.h"
#include "engine/quant/q3_0_rocmfpx.h"
#include "engine/quant/q3_k.h"
#include "engine/quant/q4_0.h"
#include "engine/quant/q4_0_rocmfp4.h"
#include "engine/quant/q4_0_rocmfp4_fast.h"
#include "engine/quant/q4_1.h"
#include "engine/quant/q4_k.h"
#include "engine/quant/q5_0.h"
#include "engine/quant/q5_1.h"
#include "engine/quant/q5_k.h"
#include "engine/quant/q6_0_rocmfpx.h"
#include "engine/quant/q6_k.h"
#include "engine/quant/q8_0.h"
#include "engine/quant/q8_0_rocmfpx.h"
#include "engine/quant/q8_1.h"
#include "engine/quant/q8_k.h"
#include "engine/quant/rot3.h"
#include "engine/quant/rot4.h"
#include "engine/quant/tq1_0.h"
#include "engine/quant/tq2_0.h"

namespace glim {

// The table and the block layouts say the same.
#define QUANT(id, code, values, bytes)                    \
  static_assert(Quant<QuantType::id>::kValues == values); \
  static_assert(sizeof(Quant<QuantType::id>::Block) == bytes);
#include "engine/quant/quant_types.def"
#undef QUANT

}  // namespace glim
