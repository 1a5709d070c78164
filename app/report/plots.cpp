#include "app/report/plots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "app/report/html_text.h"
#include "app/report/verdict.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app::report {
namespace {

constexpr double kWidth = 640, kHeight = 400;
constexpr double kLeft = 70, kRight = 24, kTop = 36, kBottom = 52;
constexpr double kLetter = 6.6, kLine = 13;  ///< size of a letter of a label
constexpr std::size_t kSeries = 6;           ///< colours of the page

struct Box {
  double x, y, width, height;
  bool meets(const Box& other) const {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height &&
           other.y < y + height;
  }
};

/// From 0 to a round number above `largest`, in round steps.
struct Axis {
  double step = 1, end = 1;
  int decimals = 0;
};

Axis round_axis(double largest) {
  if (!(largest > 0)) return {};
  constexpr double kSteps = 6;
  const double magnitude = std::pow(10, std::floor(std::log10(largest / kSteps)));
  double step = magnitude;
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (largest / (step = factor * magnitude) <= kSteps) break;
  return {step, step * std::ceil(largest / step),
          std::max(0, -static_cast<int>(std::floor(std::log10(step))))};
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const char* style = "") {
  return strf("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, style) + html_line(text) +
         "</text>";
}

std::string line_at(double x1, double y1, double x2, double y2, const char* style) {
  return strf("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>", x1, y1, x2, y2, style);
}

std::string picture(double width, double height, const std::string& title, const std::string& inside) {
  return strf("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\">", width, height) + "<title>" + html_line(title) +
         "</title>" + text_at(8, 20, "start", title, " class=\"head\"") + inside + "</svg>";
}

/// Where values lie in the plot.
class Frame {
 public:
  explicit Frame(const Scatter& scatter) : log_y_(scatter.log_y) {
    double largest_x = 0, largest_y = 0, least_y = HUGE_VAL;
    for (const Scatter::Point& point : scatter.points) {
      largest_x = std::max(largest_x, point.x);
      largest_y = std::max(largest_y, point.y);
      if (point.y > 0) least_y = std::min(least_y, point.y);
    }
    x_ = round_axis(largest_x);
    y_ = round_axis(largest_y);
    if (!std::isfinite(least_y)) least_y = 1e-3, largest_y = 1;
    low_ = std::floor(std::log10(least_y));
    high_ = std::max(std::ceil(std::log10(largest_y)), low_ + 1);
  }

  double x(double value) const { return kLeft + value / x_.end * (kWidth - kLeft - kRight); }
  double y(double value) const {
    const double base = kHeight - kBottom, height = base - kTop;
    if (!log_y_) return base - value / y_.end * height;
    if (!(value > 0)) return base;
    return base - kZero - (std::log10(value) - low_) / (high_ - low_) * (height - kZero);
  }

  std::string axes(const Scatter& scatter) const {
    std::string out;
    for (int i = 0; i * x_.step <= x_.end * 1.0001; ++i) {
      const double at = x(i * x_.step);
      out += line_at(at, kTop, at, kHeight - kBottom, "grid");
      out += text_at(at, kHeight - kBottom + 18, "middle", strf("%.*f", x_.decimals, i * x_.step));
    }
    const auto mark_y = [&](double value, const std::string& text) {
      out += line_at(kLeft, y(value), kWidth - kRight, y(value), "grid");
      out += text_at(kLeft - 8, y(value) + 4, "end", text);
    };
    if (log_y_) {
      mark_y(0, "0");
      for (double power = low_; power <= high_; ++power)
        mark_y(std::pow(10, power), strf("%g", std::pow(10, power)));
    } else {
      for (int i = 0; i * y_.step <= y_.end * 1.0001; ++i)
        mark_y(i * y_.step, strf("%.*f", y_.decimals, i * y_.step));
    }
    out += text_at(kWidth - kRight, kHeight - 12, "end", scatter.x_label);
    out +=
        strf("<text x=\"14\" y=\"%.1f\" transform=\"rotate(-90 14 %.1f)\" text-anchor=\"end\">", kTop, kTop) +
        html_line(scatter.y_label) + "</text>";
    return out;
  }

 private:
  static constexpr double kZero = 22;  ///< room between 0 and the lowest decade
  bool log_y_;
  Axis x_, y_;
  double low_ = 0, high_ = 1;
};

/// Puts labels where they cover nothing; those that find no place are left to the tooltip.
class Labels {
 public:
  void cover(double x, double y) { taken_.push_back({x - 5, y - 5, 10, 10}); }

  std::string place(double x, double y, const std::string& name) {
    const double width = kLetter * ui::display_width(name);
    struct Spot {
      double dx, dy;
      const char* anchor;
    };
    constexpr std::array kSpots = {Spot{9, 4, "start"},   Spot{-9, 4, "end"},   Spot{0, -9, "middle"},
                                   Spot{0, 18, "middle"}, Spot{8, -8, "start"}, Spot{8, 15, "start"},
                                   Spot{-8, -8, "end"},   Spot{-8, 15, "end"}};
    for (const Spot& spot : kSpots) {
      const double start = x + spot.dx -
                           (spot.anchor[0] == 's'   ? 0
                            : spot.anchor[0] == 'e' ? width
                                                    : width / 2);
      const Box box{start, y + spot.dy - kLine + 3, width, kLine};
      const bool inside = box.x > kLeft && box.x + box.width < kWidth - 2 && box.y > kTop - 12 &&
                          box.y + box.height < kHeight - kBottom + 4;
      if (!inside || std::any_of(taken_.begin(), taken_.end(), [&](const Box& b) { return b.meets(box); }))
        continue;
      taken_.push_back(box);
      return text_at(x + spot.dx, y + spot.dy, spot.anchor, name, " class=\"label\"");
    }
    return {};
  }

 private:
  std::vector<Box> taken_;
};

bool counts(const Figure& figure) {
  return figure.present() && std::isfinite(figure.value);
}

/// Colour of a row: one per model where there are several, else the first.
std::vector<std::size_t> series_of(const Report& report) {
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> out;
  for (const Row& row : report.rows)
    out.push_back(known.emplace(row.factors.model, known.size()).first->second % kSeries);
  return out;
}

struct Pair {
  const char* title;
  Metric x, y;
  bool log_y;
};

Scatter scatter_of(const Report& report, const Pair& pair) {
  Scatter out;
  out.title = pair.title;
  out.log_y = pair.log_y;
  const std::vector<std::size_t> series = series_of(report);
  const std::vector<std::size_t> front = pareto_front(report, pair.x, pair.y);
  double largest_x = 0, largest_y = 0;
  for (const Row& row : report.rows)
    if (counts(row[pair.x]) && counts(row[pair.y])) {
      largest_x = std::max(largest_x, row[pair.x].value);
      largest_y = std::max(largest_y, row[pair.y].value);
    }
  const auto scale = [](Metric metric, double largest) {
    return scale_for(metric_info(metric).unit, largest);
  };
  const auto label = [](Metric metric, const Scale& of) {
    return std::string(metric_info(metric).heading) + (of.symbol.empty() ? "" : ", " + of.symbol);
  };
  const Scale x = scale(pair.x, largest_x), y = scale(pair.y, largest_y);
  out.x_label = label(pair.x, x);
  out.y_label = label(pair.y, y);
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const Figure &at_x = report.rows[i][pair.x], &at_y = report.rows[i][pair.y];
    if (!counts(at_x) || !counts(at_y)) continue;
    const bool estimate = at_x.kind == FigureKind::estimated || at_y.kind == FigureKind::estimated;
    out.points.push_back({at_x.value / x.divisor, at_y.value / y.divisor, report.rows[i].identity.name,
                          series[i], estimate, std::find(front.begin(), front.end(), i) != front.end()});
  }
  return out;
}

}  // namespace

int heat_level(double kld) {
  return kld < 0.02 ? 0 : kld < 0.1 ? 1 : kld < 0.5 ? 2 : 3;
}

std::string scatter_svg(const Scatter& scatter) {
  if (scatter.points.empty()) return {};
  const Frame frame(scatter);
  std::string out = frame.axes(scatter);
  std::vector<const Scatter::Point*> front;
  Labels labels;
  for (const Scatter::Point& point : scatter.points) {
    labels.cover(frame.x(point.x), frame.y(point.y));
    if (point.front) front.push_back(&point);
  }
  std::sort(front.begin(), front.end(), [](const auto* a, const auto* b) { return a->x < b->x; });
  std::string path;
  for (const Scatter::Point* point : front) path += strf("%.1f,%.1f ", frame.x(point->x), frame.y(point->y));
  if (front.size() > 1) out += "<polyline class=\"front\" points=\"" + path + "\"/>";
  for (const Scatter::Point& point : scatter.points) {
    const double x = frame.x(point.x), y = frame.y(point.y);
    out += strf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" class=\"s%zu%s\">", x, y, point.series,
                point.estimated ? " hollow" : "");
    out += "<title>" + html_line(point.name) + strf(": %.4g, %.4g", point.x, point.y) + "</title></circle>";
    out += labels.place(x, y, point.name);
  }
  return picture(kWidth, kHeight, scatter.title, out);
}

std::string memory_svg(const Report& report) {
  constexpr double kBar = 22, kLongestName = 40;
  double largest = 0, names = 0;
  for (const Row& row : report.rows)
    for (const MemoryAt& at : row.memory)
      if (at.total.present()) {
        largest = std::max(largest, at.total.value);
        names =
            std::max(names, kLetter * std::min<double>(kLongestName, ui::display_width(row.identity.name)));
      }
  if (largest == 0) return {};
  const Scale scale = scale_for(Unit::bytes, largest, true);
  largest /= scale.divisor;
  const double available = static_cast<double>(report.available_bytes) / scale.divisor;
  const Axis axis = round_axis(available < 2 * largest ? std::max(available, largest) : largest);
  const double left = names + 20, width = 900;
  const auto x = [&](double value) { return left + value / axis.end * (width - left - 70); };
  double y = kTop + 8;
  std::string bars;
  std::set<std::int64_t> shown;
  for (const Row& row : report.rows) {
    std::vector<const MemoryAt*> list;
    for (const MemoryAt& at : row.memory)
      if (at.total.present()) list.push_back(&at);
    if (list.empty()) continue;
    for (const MemoryAt* at : list) shown.insert(at->context);
    std::sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->context < b->context; });
    bars += text_at(left - 8, y + 15, "end", ui::fit(row.identity.name, static_cast<int>(kLongestName), "…"));
    double from = 0;
    const auto segment = [&](double until, std::size_t shade, const std::string& what) {
      bars += strf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" class=\"m%zu\">", x(from),
                   y + 2, std::max(0.0, x(until) - x(from)), kBar - 5, std::min<std::size_t>(shade, 4));
      bars += "<title>" + html_line(strf("%s: %.2f %s", what.c_str(), until, scale.symbol.c_str())) +
              "</title></rect>";
      from = until;
    };
    segment((list.front()->total.value - list.front()->kv.value) / scale.divisor, 0,
            "weights and work space");
    for (std::size_t i = 0; i < list.size(); ++i)
      segment(list[i]->total.value / scale.divisor, i + 1,
              strf("with a context of %lld", static_cast<long long>(list[i]->context)));
    bars += text_at(x(from) + 6, y + 15, "start", strf("%.2f", from));
    y += kBar;
  }
  std::string out;
  for (int i = 0; i * axis.step <= axis.end * 1.0001; ++i) {
    out += line_at(x(i * axis.step), kTop, x(i * axis.step), y + 4, "grid");
    out += text_at(x(i * axis.step), y + 20, "middle", strf("%.*f", axis.decimals, i * axis.step));
  }
  out += bars;
  if (available > 0 && available <= axis.end) {
    out += line_at(x(available), kTop, x(available), y + 4, "limit");
    out += text_at(x(available), y + 36, "middle", strf("available %.1f", available));
  }
  std::string contexts;
  for (const std::int64_t context : shown)
    contexts += (contexts.empty() ? "" : ", ") + std::to_string(context);
  return picture(
      width, y + 30,
      "memory by context in " + scale.symbol + ": weights and work space, then contexts of " + contexts, out);
}

std::string heat_svg(const std::vector<TokenHeat>& heat) {
  if (heat.empty()) return {};
  constexpr double kStrip = 860, kTall = 26;
  const double step = std::min(14.0, kStrip / static_cast<double>(heat.size()));
  std::string out = strf("<svg viewBox=\"0 0 %.0f %.0f\" class=\"strip\" role=\"img\">", kStrip, kTall);
  for (std::size_t i = 0; i < heat.size(); ++i) {
    const int level = heat_level(heat[i].kld);
    constexpr std::array kTallness = {5.0, 11.0, 18.0, 25.0};  // not by colour alone
    const double tall = kTallness[static_cast<std::size_t>(level)];
    out += strf("<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" class=\"h%d\"><title>",
                static_cast<double>(i) * step, kTall - tall, std::max(0.6, step - 0.8), tall, level);
    out += strf("token %zu ", i) + html_line(heat[i].text) + strf(": KLD %.4f</title></rect>", heat[i].kld);
  }
  return out + "</svg>";
}

std::vector<Plot> report_plots(const Report& report) {
  constexpr std::array kPairs = {
      Pair{"quality against speed", Metric::generation_rate, Metric::kld, true},
      Pair{"size against KL divergence", Metric::file_size, Metric::kld, true},
      Pair{"generation rate against size", Metric::file_size, Metric::generation_rate, false}};
  std::vector<Plot> out;
  for (const Pair& pair : kPairs) {
    const Scatter scatter = scatter_of(report, pair);
    if (scatter.points.size() > 1) out.push_back({scatter_svg(scatter), false});
  }
  if (std::string memory = memory_svg(report); !memory.empty()) out.push_back({std::move(memory), true});
  return out;
}

}  // namespace glim::app::report
