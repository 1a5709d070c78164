#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/compare_pane.h"
#include "ui/header.h"
#include "ui/input_pane.h"
#include "ui/layout.h"
#include "ui/overlays.h"
#include "ui/status_bar.h"

namespace glim::ui {

inline constexpr int kNarrowestPane =
    38;  ///< where panes would be narrower, one is shown and the others summed up

/// Where a pane's answer leaves the reference's.
struct SplitData {
  std::string pane = {};                   ///< "B"
  std::optional<std::int64_t> token = {};  ///< from 1; none: words that differ, or nothing does
  std::string reference = {}, other = {};  ///< the two tokens
  std::optional<double> reference_chance = {}, other_chance = {};
  std::string note = {};  ///< "grafted, rejoins"
};

/// A vote without names. Nothing else of the screen may tell the panes apart: titles, splits, standing and
/// numbers are not drawn.
struct BlindData {
  int done = 0;               ///< answers that are complete; text is shown when all are
  std::string progress = {};  ///< "prompt 4 of 12"
  std::string said = {};      ///< "voted: left"
  std::vector<Hint> choices = {};
  std::vector<std::string> notes = {};  ///< in the status rows, the first when there is only one
};

/// Everything the compare screen shows, as plain data.
struct CompareScreen : Overlays {
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  std::string names;               ///< "q8_0 ‖ iq2_m"
  std::vector<std::string> facts;  ///< of the header, most important first: "interleave", "sync:on"
  std::vector<ComparePaneData> panes;
  int focused = 0;
  bool zoomed = false;
  bool metrics_shown = true;
  std::optional<BlindData> blind;

  std::string split_title = "first split";
  std::vector<SplitData> splits;
  std::vector<Hint> split_hints;
  std::string set;                    ///< `prompt 3 of 12 "lock-free risks"`
  std::vector<std::string> standing;  ///< votes and ratings: "wins A 1  B 0", "rating A 1031±48"
  bool votable = false;               ///< answers can be voted on now

  InputData input;
  RunState state = RunState::idle;
  std::vector<std::string> status;  ///< "2/3 done", "resident 61.3/94.1 GiB", most important first
  std::string message;              ///< replaces the status for a moment
  bool message_is_error = false;
  StatusData memory;  ///< of the second status row: memory and backend
  std::vector<Hint> hints;
};

/// Where the parts are. `text` and `metrics` have one area per shown pane, in the order of `shown`.
struct CompareLayout {
  bool too_small = false;
  bool compact = false;   ///< below 60 columns
  bool tiny = false;      ///< below 12 rows or 60 columns
  bool carousel = false;  ///< only the focused pane has its text
  MetricsSize metrics_size = MetricsSize::line;
  std::vector<int> shown;
  std::vector<Rect> text, metrics;
  Rect header, titles, votes, smoke, summaries, split, standing, middle_rule, input, status_rule, status,
      hints;
};

CompareLayout layout_of(const CompareScreen& screen, Size size);

/// What the transcript view of pane `index` must be updated with before draw().
TranscriptOptions transcript_options(const CompareScreen& screen, Size size, int index);

/// The pane at a cell, for the mouse.
std::optional<int> pane_at(const CompareScreen& screen, Size size, Point cell);

/// Paints the whole screen, size as the canvas has it.
void draw(Canvas& canvas, const CompareScreen& screen);

}  // namespace glim::ui
