#pragma once

#include <cstddef>
#include <span>

#include "engine/quant/quant_type.h"

namespace glim {

struct EncodeRow {
  std::span<const float> in;
  std::span<const float> importance;  ///< empty, or as long as `in`
};

struct Encoder {
  QuantType type;
  bool needs_importance;
  void (*encode)(const EncodeRow& row, std::byte* out);
};

/// Formats whose blocks are scales and codes.
std::span<const Encoder> scalar_encoders();
/// Formats whose codes are points of a lattice: IQ1, IQ2, IQ3.
std::span<const Encoder> lattice_encoders();

}  // namespace glim
