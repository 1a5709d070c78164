#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/hybrid/hybrid_backend.h"
#include "engine/model/weight_places.h"

namespace glim {

/// A backend for the model in `path` that has another one beside it.
inline std::unique_ptr<Backend> hybrid_for(const std::filesystem::path& path, const Placement& placement,
                                           std::unique_ptr<Backend> device,
                                           std::unique_ptr<Backend> processor) {
  const GgufFile file(path);
  const WeightPlaces places(placement, file, read_config(file));
  return make_hybrid_backend(std::move(device), std::move(processor), placement,
                             [places](std::string_view weight) { return places.is_beside(weight); });
}

/// Of a model with three layers, the first one dense.
inline std::vector<Placement> test_placements() {
  return {{.experts = 3},
          {.experts = 2},
          {.layers = 1},
          {.layers = 2, .experts = 3},
          {.layers = 4},
          {.cache = true},
          {.layers = 1, .cache = true},
          {.layers = 1, .experts = 3, .cache = true}};
}

}  // namespace glim
