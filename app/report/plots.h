#pragma once

#include <string>
#include <vector>

#include "app/report/report.h"

namespace glim::app::report {

/// One figure of every row against another, as an SVG picture that takes its colours from the page.
struct Scatter {
  struct Point {
    double x = 0, y = 0;
    std::string name;
    std::size_t series = 0;  ///< colour
    bool estimated = false;  ///< drawn hollow
    bool front = false;      ///< not beaten: joined by a line
  };
  std::string title, x_label, y_label;
  std::vector<Point> points;
  bool log_y = false;  ///< what is not positive stands on a line marked 0 below the lowest decade
};

std::string scatter_svg(const Scatter& scatter);

/// Memory of every row as a bar: weights and work space, then what each context adds; a line where the
/// device's memory ends. Empty without memory figures.
std::string memory_svg(const Report& report);

/// Divergences of one answer, token by token, as a strip; levels as in heat_level().
std::string heat_svg(const std::vector<TokenHeat>& heat);

/// 0 to 3: below 0.02 nats, below 0.1, below 0.5, above.
int heat_level(double kld);

struct Plot {
  std::string svg;
  bool wide = false;  ///< wants the whole width of the page
};

/// The plots that a report has figures for: quality against speed, size against KL divergence, generation
/// rate against size, memory by context.
std::vector<Plot> report_plots(const Report& report);

}  // namespace glim::app::report
