#pragma once

#include <string_view>

#include "engine/model/config.h"
#include "engine/tensor/placement.h"

namespace glim {

/// Which weights of a file the processor holds.
class WeightPlaces {
 public:
  WeightPlaces(const Placement& placement, const GgufFile& file, const ModelConfig& config);
  bool is_beside(std::string_view weight) const;

 private:
  Placement placement_;
  bool output_;  ///< the norm before the output matrix goes with it
};

/// Weights of a file in bytes: all of them, and those of them that the processor holds. Throws as
/// weight_bytes() does.
struct PlacedBytes {
  std::uint64_t all = 0, beside = 0;
};
PlacedBytes placed_weight_bytes(const GgufFile& file, const ModelConfig& config, const Placement& placement);

}  // namespace glim
