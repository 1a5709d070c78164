#pragma once

#include <cstdint>
#include <optional>

#include "app/compare/comparison.h"

namespace glim::app {

/// What one pane did over all prompts. Rates are tokens over exclusive device time, 0 when unknown.
struct PaneTotals {
  std::int32_t answers = 0;  ///< with at least one token or an end
  std::int64_t prompt_tokens = 0, generated_tokens = 0;
  double prompt_rate = 0, generation_rate = 0;
  double first_token_seconds = 0;  ///< median; 0 unknown
  std::optional<DriftSummary>
      drift;  ///< every token counts once; worst_token belongs to no single answer: -1
  std::int32_t expected = 0, met = 0;
  std::int32_t splits = 0;           ///< answers that leave the reference's
  std::int32_t earliest_split = -1;  ///< index of a token; -1: none
};
PaneTotals totals(const Comparison& comparison, std::size_t pane);

}  // namespace glim::app
