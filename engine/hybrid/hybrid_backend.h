#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/tensor/placement.h"
#include "engine/tensor/wrapping_backend.h"

namespace glim {

/// Whether the processor holds the weight of this name.
using WeightRule = std::function<bool(std::string_view weight)>;

/// A device that holds and computes most of a model, and a processor that has the rest. Whoever holds the
/// weights of a stage computes it: activations cross between them, weights never do. A cache beside the
/// device (Placement::cache) is memory that both see, and the processor attends to it.
std::unique_ptr<Backend> make_hybrid_backend(std::unique_ptr<Backend> device,
                                             std::unique_ptr<Backend> processor, const Placement& placement,
                                             WeightRule is_beside);

}  // namespace glim
