#pragma once

#include "engine/quant/quant_type.h"

namespace glim {

/// What a weight format is: one specialisation per row of quant_types.def, each in a header named like the
/// format.
///   struct Block             one block, bytes as in the file, alignment at most 4
///   kValues                  values per block
///   decode(block, out)       writes kValues floats; every product is exact, sums round once, so the result
///   is the
///                            same on every machine
///   encode(in, block)        only where can_encode() says so; reads kValues floats
template <QuantType type>
struct Quant;

}  // namespace glim
