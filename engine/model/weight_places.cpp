#include "engine/model/weight_places.h"

#include <charconv>

namespace glim {

WeightPlaces::WeightPlaces(const Placement& placement, const GgufFile& file, const ModelConfig& config)
    : placement_(placement),
      // Tied, it is the embedding.
      output_(file.tensor("output.weight") != nullptr ? placement.layers > config.layers
                                                      : placement.layers > 0) {}

bool WeightPlaces::is_beside(std::string_view weight) const {
  constexpr std::string_view kLayer = "blk.";
  if (weight.starts_with("token_embd.")) return placement_.layers > 0;
  if (!weight.starts_with(kLayer)) return output_;
  std::int32_t layer = 0;
  std::from_chars(weight.data() + kLayer.size(), weight.data() + weight.size(), layer);
  const bool routed = weight.find("_exps.") != std::string_view::npos;
  return layer < placement_.layers || (routed && layer < placement_.experts);
}

}  // namespace glim
