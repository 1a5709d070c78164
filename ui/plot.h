#pragma once

#include <string>
#include <vector>

#include "ui/glyphs.h"
#include "ui/text_layout.h"

namespace glim::ui {

/// Points of one value against another.
struct PlotData {
  struct Point {
    double x = 0, y = 0;
    std::string label;  ///< short: "D"
    Style style = Style::accent;
  };
  std::string x_label = {}, y_label = {};  ///< "gen t/s", "KLD"
  bool log_y = true;             ///< what is not positive stands on a row of its own, marked 0
  std::vector<Point> points = {};
};

/// A picture in characters, exactly `height` rows (at least 5) of at most `width` columns. x begins at 0.
std::vector<Line> plot_lines(const PlotData& data, int width, int height, const GlyphSet& glyphs);

}  // namespace glim::ui
