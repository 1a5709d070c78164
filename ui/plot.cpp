#include "ui/plot.h"

#include <algorithm>
#include <cmath>

#include "engine/base/text.h"

namespace glim::ui {
namespace {

constexpr int kLabelWidth = 7;

/// 1, 2 or 5 times a power of ten, at least `value`.
double nice_step(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (value <= factor * power * 1.0001) return factor * power;
  return 10 * power;
}

std::string number(double value) {
  std::string text = strf("%.3g", value);
  if (text.starts_with("0.")) text.erase(0, 1);
  return text;
}

/// Where values of y stand: rows from 0 at the top to rows - 1.
struct Scale {
  bool logarithmic = false;
  bool zero_row = false;  ///< the last row is for what is not positive
  double low = 0, high = 1;
  int rows = 1;

  int row_of(double y) const {
    if (logarithmic && !(y > 0)) return rows - 1;
    const int room = rows - (zero_row ? 2 : 0);
    const double value = logarithmic ? std::log10(y) : y;
    const double part = high > low ? (high - value) / (high - low) : 0;
    return std::clamp(static_cast<int>(std::lround(part * (room - 1))), 0, room - 1);
  }
};

Scale scale_of(const PlotData& data, int rows) {
  Scale out;
  out.rows = rows;
  double least = HUGE_VAL, most = 0;
  for (const PlotData::Point& point : data.points) {
    out.zero_row = out.zero_row || (data.log_y && !(point.y > 0));
    if (point.y > 0) least = std::min(least, point.y);
    most = std::max(most, point.y);
  }
  out.zero_row = out.zero_row && rows >= 5;
  out.logarithmic = data.log_y && most > 0;
  if (out.logarithmic) {
    out.low = std::floor(std::log10(least)), out.high = std::ceil(std::log10(most));
    if (out.high <= out.low) out.high = out.low + 1;
  } else {
    out.high = most > 0 ? nice_step(most) : 1;
  }
  return out;
}

std::vector<double> ticks_of(const Scale& scale) {
  std::vector<double> out;
  if (!scale.logarithmic) return {0, scale.high / 2, scale.high};
  for (double power = scale.low; power <= scale.high; power += 1)
    for (const double factor : {1.0, 3.0})
      if (power + std::log10(factor) <= scale.high + 1e-9) out.push_back(factor * std::pow(10, power));
  return out;
}

class Picture {
 public:
  Picture(const PlotData& data, int width, int height, const GlyphSet& glyphs)
      : data_(data),
        g_(glyphs),
        canvas_(height, width),
        rows_(height - 2),
        from_(kLabelWidth),
        room_(width - kLabelWidth - 5 - display_width(data.x_label)),
        scale_(scale_of(data, rows_)) {
    double most = 0;
    for (const PlotData::Point& point : data.points) most = std::max(most, point.x);
    step_ = nice_step(std::max(most, 1e-9) / 4);
    x_max_ = step_ * std::max(std::ceil(most / step_ - 1e-9), 1.0);
  }

  Canvas run() {
    y_axis();
    x_axis();
    for (const PlotData::Point& point : data_.points) place(point);
    return std::move(canvas_);
  }

 private:
  int column_of(double x) const {
    return from_ + 1 + std::clamp(static_cast<int>(std::lround(x / x_max_ * (room_ - 1))), 0, room_ - 1);
  }

  void y_axis() {
    std::vector<bool> used(static_cast<std::size_t>(rows_), false);
    const auto label = [&](int row, const std::string& text) {
      if (row < 0 || row >= rows_ || used[static_cast<std::size_t>(row)]) return;
      used[static_cast<std::size_t>(row)] = true;
      canvas_.put_right({row, 0}, {{text, Style::dim}}, from_ - 1);
    };
    if (scale_.zero_row) label(rows_ - 1, "0");
    std::vector<double> ticks = ticks_of(scale_);
    // Powers of ten first; what lies between them where there is a row left.
    std::stable_partition(ticks.begin(), ticks.end(), [](double tick) {
      const double power = std::log10(tick);
      return std::abs(power - std::round(power)) < 1e-6;
    });
    for (const double tick : ticks) label(scale_.row_of(tick), number(tick));
    for (int row = 0; row < rows_; ++row) canvas_.put({row, from_}, g_.vertical, Style::rule);
    canvas_.put({0, from_ + 2}, data_.y_label, Style::dim);
  }

  void x_axis() {
    canvas_.put({rows_, from_}, g_.bottom_left, Style::rule);
    canvas_.horizontal_line({rows_, from_ + 1}, room_, Style::rule, g_.horizontal);
    int free = from_;
    for (double x = 0; x <= x_max_ * 1.0001; x += step_) {
      const std::string text = number(x);
      const int at = column_of(x), begin = std::max(at - (display_width(text) - 1) / 2, 0);
      canvas_.put({rows_, at}, x == 0 ? g_.bottom_left : g_.tee_down, Style::rule);
      if (x == 0) canvas_.put({rows_, at}, g_.horizontal, Style::rule);
      if (begin < free) continue;
      free = canvas_.put({rows_ + 1, begin}, text, Style::dim) + 1;
    }
    canvas_.put_right({rows_ + 1, free + 1}, {{data_.x_label, Style::dim}}, canvas_.cols());
  }

  bool is_free(int row, int begin, int end) const {
    for (int col = begin; col < end; ++col)
      if (col <= from_ || col >= canvas_.cols() || canvas_.at(row, col).text != " ") return false;
    return true;
  }

  /// The point with its label at the first side where there is room, else on the row above or below.
  void place(const PlotData::Point& point) {
    const int row = scale_.row_of(point.y), col = column_of(point.x), width = display_width(point.label);
    for (const int y : {row, row - 1, row + 1}) {
      if (y < 0 || y >= rows_) continue;
      const bool left = is_free(y, col - width - 1, col + 1);
      if (!left && !is_free(y, col, col + width + 2)) continue;
      canvas_.put({y, left ? col - width - 1 : col + 2}, point.label, Ink(point.style, bold));
      canvas_.put({y, col}, g_.filled_dot, point.style);
      return;
    }
    canvas_.put({row, col}, point.label, Ink(point.style, bold));
  }

  const PlotData& data_;
  const GlyphSet& g_;
  Canvas canvas_;
  int rows_, from_, room_;
  Scale scale_;
  double step_ = 1, x_max_ = 1;
};

Line row_of(const Canvas& canvas, int row) {
  Line out;
  for (int col = 0; col < canvas.cols(); ++col) {
    const Canvas::Cell& cell = canvas.at(row, col);
    if (out.spans.empty() || out.spans.back().ink != cell.ink) out.spans.push_back({"", cell.ink});
    out.spans.back().text += cell.text;
  }
  return out;
}

}  // namespace

std::vector<Line> plot_lines(const PlotData& data, int width, int height, const GlyphSet& glyphs) {
  constexpr int kLeast = kLabelWidth + 16;
  std::vector<Line> out;
  height = std::max(height, 5);
  if (data.points.empty() || width < kLeast) return std::vector<Line>(static_cast<std::size_t>(height));
  const Canvas canvas = Picture(data, width, height, glyphs).run();
  for (int row = 0; row < canvas.rows(); ++row) out.push_back(row_of(canvas, row));
  return out;
}

}  // namespace glim::ui
