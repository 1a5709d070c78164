#pragma once

#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/header.h"
#include "ui/overlays.h"
#include "ui/plot.h"
#include "ui/report_table.h"

namespace glim::ui {

/// The report of a comparison as one page that scrolls.
struct ReportScreen : Overlays {
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  std::string title = "compare report";
  std::vector<std::string> facts;     ///< of the header: set, prompts, decoding, date
  std::vector<std::string> warnings;  ///< before everything: why the report is partial
  ReportTable scorecard;
  std::string plot_title = "quality against speed";
  PlotData plot;
  std::string plot_missing;  ///< instead of the plot: why there is none
  ReportTable memory, differences;
  std::vector<std::string> verdict;
  int first = 0;        ///< first row of the page
  std::string message;  ///< last row but one: "saved: ..."
  bool message_is_error = false;
  std::vector<Hint> hints;
};

/// The whole page at this width.
std::vector<Line> report_lines(const ReportScreen& screen, int width);

/// The row of the page with the selected difference; -1 when none is selected.
int selected_row(const ReportScreen& screen, int width);

/// Rows of the page that are visible at once.
int report_page_rows(Size size);

void draw(Canvas& canvas, const ReportScreen& screen);

}  // namespace glim::ui
