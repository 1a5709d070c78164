#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app {

/// Weights of one kind, and how much of them has no room in memory.
struct SpilledGroup {
  std::string_view group;  ///< "embedding", "routed experts", "all other weights"
  std::size_t tensors = 0;
  std::uint64_t bytes = 0, spilled = 0;
};

/// What a plan that spills reads from the file again and again, least used first: of the embedding a token
/// reads one row, of routed experts those that are chosen, of the rest everything. Empty unless the plan
/// spills. The system decides page by page; this is the order in which pages go unused.
std::vector<SpilledGroup> spilled_groups(const GgufFile& file, const Plan& plan);

}  // namespace glim::app
