#pragma once

#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

/// One thing that can be done: a key, a command or both, and what it does. Rows with a heading only start a
/// section.
struct HelpRow {
  std::string heading;
  std::string key;
  std::string command;
  std::string description;
};

struct HelpData {
  std::string place = "chat";
  std::vector<HelpRow> rows;
  std::string filter;
  int first = 0;  ///< first visible row of the filtered list
};

/// The rows whose key, command or description contains the filter, letter case aside; headings only above
/// such rows.
std::vector<HelpRow> filtered_help(const HelpData& data);

void draw_help(Canvas& canvas, const Rect& area, const HelpData& data, const GlyphSet& glyphs);

/// Rows of the list that are visible at once, for paging.
int help_page_rows(const Rect& area);

}  // namespace glim::ui
