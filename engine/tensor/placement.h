#pragma once

#include <cstdint>

namespace glim {

/// What of a model the processor holds and computes beside a device that has too little memory for all of it.
/// Layers are counted from the first one; the output matrix counts as one more behind the last.
struct Placement {
  std::int32_t layers = 0;   ///< whole layers, their cache included; with any of them the embedding
  std::int32_t experts = 0;  ///< layers whose routed experts the processor holds
  bool cache = false;        ///< the cache of all layers; attention reads it where it lies

  bool any() const { return layers > 0 || experts > 0 || cache; }
  bool operator==(const Placement&) const = default;
};

}  // namespace glim
