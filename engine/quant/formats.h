#pragma once

#include "engine/quant/bf16.h"
#include "engine/quant/f16.h"
#include "engine/quant/f32.h"
#include "engine/quant/q4_0.h"
#include "engine/quant/q4_1.h"
#include "engine/quant/q4_k.h"
#include "engine/quant/q5_0.h"
#include "engine/quant/q5_1.h"
#include "engine/quant/q5_k.h"
#include "engine/quant/q6_k.h"
#include "engine/quant/q8_0.h"

namespace glim {

// The table and the block layouts say the same.
#define QUANT(id, code, values, bytes)                    \
  static_assert(Quant<QuantType::id>::kValues == values); \
  static_assert(sizeof(Quant<QuantType::id>::Block) == bytes);
#include "engine/quant/quant_types.def"
#undef QUANT

}  // namespace glim
