#include "app/compare/totals.h"

#include <algorithm>
#include <vector>

#include "app/compare/answer_text.h"

namespace glim::app {
namespace {

/// Sums over answers, from which the rates come.
struct Sums {
  double prefill_seconds = 0, decode_seconds = 0;
  std::int64_t prefilled = 0, decoded = 0;
  std::vector<double> first_tokens;
};

void add(const CompareAnswer& answer, Sums& sums) {
  const GenerationStats& stats = answer.stats;
  sums.prefill_seconds += stats.prefill_device_seconds;
  sums.decode_seconds += stats.decode_device_seconds;
  sums.prefilled += stats.prompt_tokens - stats.reused_tokens;
  sums.decoded += stats.decode_steps;
  if (stats.first_token_seconds > 0) sums.first_tokens.push_back(stats.first_token_seconds);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

PaneTotals totals(const Comparison& comparison, std::size_t pane) {
  PaneTotals out;
  Sums sums;
  for (const ComparePrompt& prompt : comparison.prompts) {
    const CompareAnswer& answer = prompt.answers[pane];
    if (answer.state == AnswerState::waiting || (answer.tokens.empty() && !answer.finish)) continue;
    ++out.answers;
    out.prompt_tokens += answer.prompt_tokens;
    out.generated_tokens += static_cast<std::int64_t>(answer.tokens.size());
    if (answer.finish) add(answer, sums);
    out.expected += answer.expected ? 1 : 0;
    out.met += answer.expected.value_or(false) ? 1 : 0;
    if (!answer.split) continue;
    ++out.splits;
    if (out.earliest_split < 0 || answer.split->index < out.earliest_split)
      out.earliest_split = answer.split->index;
  }
  if (sums.prefill_seconds > 0) out.prompt_rate = static_cast<double>(sums.prefilled) / sums.prefill_seconds;
  if (sums.decode_seconds > 0) out.generation_rate = static_cast<double>(sums.decoded) / sums.decode_seconds;
  out.first_token_seconds = median(std::move(sums.first_tokens));
  out.drift = overall_drift(comparison, pane);
  return out;
}

}  // namespace glim::app
