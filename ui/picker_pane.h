#pragma once

#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

struct PickerRow {
  std::string label;
  std::string detail;    ///< at the right end
  bool current = false;  ///< marked: what is loaded now
  bool enabled = true;   ///< shown dim when not
};

/// A list to choose from: profiles, models, commands. The app filters and moves the selection.
struct PickerData {
  std::string title;
  std::string filter;
  bool filterable = true;
  std::vector<PickerRow> rows;
  int selected = 0;
  std::vector<std::string> notes;  ///< about the selected row, below the list
  std::string hints = "Enter choose   Esc close";
  int total = 0;  ///< before filtering; 0: do not show a count
};

void draw_picker(Canvas& canvas, const Rect& area, const PickerData& data, const GlyphSet& glyphs);

/// The rows whose label contains the letters of `filter` in their order, letter case aside; indices into
/// `rows`.
std::vector<std::size_t> matching_rows(const std::vector<PickerRow>& rows, std::string_view filter);

}  // namespace glim::ui
