#pragma once

#include <string>
#include <vector>

#include "app/compare/comparison.h"

namespace glim::app {

struct ModeChoice {
  CompareMode mode;  ///< never automatic
  std::string reason;
  std::uint64_t needed_bytes;  ///< of all panes that have not failed, a file that several use counted once
};

/// Whether the planned panes are in memory together. `available` is what the device has, 0 when it does not
/// tell.
ModeChoice choose_mode(CompareMode asked, const std::vector<ComparePane>& panes, std::uint64_t available);

/// Fills in which panes use one and the same loaded file.
void find_shared_weights(std::vector<ComparePane>& panes);

/// The pane to load next out of `candidates` (indices, not empty): the reference when it is to be scored
/// against, then the smallest file.
std::size_t next_to_load(const Comparison& comparison, const std::vector<std::size_t>& candidates);

/// Sentences about panes that do not read the same text as the reference: another tokenizer, another
/// template.
std::vector<std::string> differences(const Comparison& comparison);

/// Whether a pane's predictions can be compared with the reference's token by token.
bool same_tokenizer(const Comparison& comparison, std::size_t pane);

}  // namespace glim::app
