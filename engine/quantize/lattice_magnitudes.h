#pragma once

#include "engine/quantize/lattice_blocks.h"
#include "engine/quantize/lattice_search.h"

namespace glim {

/// IQ2 and IQ3 are one scheme: signs apart, magnitudes as points of a lattice, a scale for every few groups.
/// The differences:
struct MagnitudeScheme {
  const Lattice& lattice;
  int scaled;                ///< values that share a scale: 16 or 32
  ScaleTrials trials;        ///< largest is that of each block
  PlainWeight plain_weight;  ///< of the formats that need no importance
  float zero;                ///< blocks whose largest magnitude is below this are zero
  bool even_signs;           ///< the number of minus signs among eight values is even, so one may be wrong
  bool refit_largest;        ///< the trials start from the scale of the best codes without a lattice
  /// Which groups are rounded again with the scale that was found.
  enum class Again : std::uint8_t { moved, all_if_moved, all } again;
  float stored_factor;  ///< from the scale of the super-block to the one that is stored
};

/// A super-block as numbers, ready to be packed.
struct MagnitudeCodes {
  std::uint16_t d;          ///< binary16
  std::uint8_t scales[16];  ///< four bits, one for every `scaled` values
  std::uint16_t index[64];  ///< of the points, one for every group
  std::uint8_t signs[32];   ///< bit i: value i of eight is negative; the top bit is clear if signs are even
};

MagnitudeCodes encode_magnitudes(const MagnitudeScheme& scheme, const SuperBlock& block);

}  // namespace glim
