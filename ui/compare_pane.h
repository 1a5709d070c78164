#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"
#include "ui/status_bar.h"
#include "ui/transcript_pane.h"

namespace glim::ui {

/// How far a pane's predictions are from the reference's, token by token of the reference's answer.
struct DriftData {
  enum class State : std::uint8_t { none, reference, waiting, scoring, known };
  State state = State::none;
  std::string note;                         ///< instead of numbers: why there are none
  std::vector<double> per_token;            /// < nats, in the order of the text
  std::int64_t tokens = 0;                  ///< of the answer that is scored
  double kld = 0;                           ///< mean, nats
  bool bound = false;                       ///< a proven lower bound
  double top1 = 0;                          ///< share of tokens where both find the same one most likely
  std::optional<std::int64_t> worst_token;  ///< from 1
  double worst_kld = 0;
  std::int64_t worst_rank = 0;              ///< of the reference's token, from 1
  std::optional<double> perplexity_change;  ///< ratio to the reference's
};

/// What an answer cost. What is not known is absent; ratios are to the reference.
struct CostData {
  std::optional<double> gen_rate, prefill_rate;  ///< tokens per second of device time
  bool gen_pending = false;
  std::optional<double> ttft, load_seconds;
  std::int64_t tokens = 0;
  std::optional<double> joules;
  std::int64_t weights = 0, kv = 0, peak = 0;  ///< bytes
  std::string kv_type;
  std::int64_t ctx = 0;
  std::string device;
  std::optional<double> rate_ratio, memory_ratio, energy_ratio;
};

/// How the short tests of a model went: "gibberish ✓  leak ✗  tool ✓  code –   2/3".
struct SmokeData {
  enum class Mark : std::uint8_t { good, bad, unknown };
  struct Item {
    std::string label;
    Mark mark = Mark::unknown;
  };
  std::vector<Item> items;  ///< empty: the tests were not run
  std::string score;        ///< "3/4"
};

struct ComparePaneData {
  std::string title;  ///< "glm-q8"
  std::string note;   ///< "reference", "failed"
  RunState state = RunState::idle;
  const TranscriptView* transcript = nullptr;  ///< not owned; null: empty
  DriftData drift;
  CostData cost;
  SmokeData smoke;
  std::string split;  ///< for summaries: "split 42", "same"
  bool voted = false;
};

/// How much of drift and cost is shown below the text.
enum class MetricsSize : std::uint8_t { none, line, two_lines, block, tall };

int metrics_rows(MetricsSize size);

/// What each of `width` cells of a line of bars shows of `values`: the largest of those it stands for, on the
/// scale of the heat colours.
Spans heat_line(const std::vector<double>& values, int width, const GlyphSet& glyphs);

/// Above these a token is tinted; nats.
inline constexpr double kHeatLow = 0.02, kHeatHigh = 0.1, kHeatMost = 0.5;
std::optional<Style> heat_style(double kld);  ///< none: as it is

void draw_metrics(Canvas& canvas, const Rect& area, const ComparePaneData& pane, MetricsSize size,
                  const GlyphSet& glyphs);

/// The one row of smoke tests.
void draw_smoke(Canvas& canvas, const Rect& area, const SmokeData& smoke, const GlyphSet& glyphs);

/// One row for a pane that is not shown: "B iq2_m  ▶ 41.6t/s  64t  KLD .31  split 42".
Spans pane_summary(const ComparePaneData& pane, char letter, int width, const GlyphSet& glyphs);

/// "[B] glm-iq2m · reference ▶", for the row above a pane.
Spans pane_title(const ComparePaneData& pane, const std::string& letter, bool focused, int width,
                 const GlyphSet& glyphs);

}  // namespace glim::ui
