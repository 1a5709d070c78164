#pragma once

#include <string>
#include <vector>

#include "ui/canvas.h"

namespace glim::ui {

inline constexpr Size kSmallest = {6, 30};  ///< below this only a sentence is shown

/// Sizes that terminals report in passing while they are being resized; nothing should be painted at them.
constexpr bool is_transient(Size size) {
  return size.rows < 3 || size.cols < 10;
}

/// "glim needs 30x6, this is 24x5"
std::string too_small_message(Size size);

/// Where the parts of the chat screen are. Parts that have no room are empty.
struct ChatLayout {
  bool too_small = false;
  bool compact = false;  ///< below 60 columns: no frames, names before the text
  bool tiny = false;     ///< below 12 rows or 60 columns: state in the header, no hints
  Rect header, header_rule, transcript, middle_rule, input, status_rule, status, hints;
};

/// `draft_rows`: what the draft would like to have; it gets at most a third of the rows.
ChatLayout chat_layout(Size size, int draft_rows);

/// Cuts `area` into panes side by side with one column between them, as equal as can be.
std::vector<Rect> split_columns(const Rect& area, int count);

}  // namespace glim::ui
