#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/compare/compare_marks.h"

namespace glim::app {

/// A vote without names.
struct BlindRound {
  std::vector<std::size_t> order;  ///< of the panes from left to right
  std::int32_t prompt = -1;
  std::string said;  ///< what was voted: "left", "tie"; empty: not yet
};

/// What the compare screen adds to the comparison: how it is looked at.
struct CompareViewState {
  std::size_t focused = 0;  ///< pane; in a blind round its place on screen
  bool zoomed = false, metrics = true, sync = true, heat = false, thoughts = false;
  DiffMode diff = DiffMode::words;
  bool typing = true;                 ///< letters go into the input line, else they are keys
  std::optional<std::size_t> change;  ///< the difference of the focused pane that was jumped to
  std::optional<BlindRound> blind;
  bool from_chat = false;

  bool report_open = false;
  bool help_open = false;
  std::string help_filter;
  int help_first = 0;
  bool picker_open = false;
  std::string picker_filter;
  int picker_selected = 0;
  std::string message;
  bool message_is_error = false;
};

/// The pane at a place of the screen.
inline std::size_t pane_at_place(const CompareViewState& state, std::size_t place) {
  return state.blind && place < state.blind->order.size() ? state.blind->order[place] : place;
}

}  // namespace glim::app
