#pragma once

#include <span>

#include "engine/tensor/ops.h"

namespace glim {

/// Chooses rules.active distinct experts, best first, and their weights.
///   score = sigmoid or softmax of the logits, or the logits themselves (softmax_of_selected)
///   chosen = the largest score + bias; the lower index wins a tie; NaN counts as minus infinity
///   with groups: only experts of the groups whose two largest (score + bias) have the largest sums
///   weight = score of the chosen, without the bias; softmax_of_selected: softmax over the chosen logits
///   normalise: weight / max(sum, 2^-14); then times scale unless that is 0 or 1
/// `logits` has one value for each of at most kMaxExperts experts; `bias` as many or none. Does not allocate.
/// The choice is scalar work, so every backend on the host uses this function.
/// Source: DeepSeek-V3 report, section 2.1.2.
void choose_experts(std::span<const float> logits, std::span<const float> bias, const RouterRules& rules,
                    std::span<std::int32_t> chosen, std::span<float> weight);

}  // namespace glim
