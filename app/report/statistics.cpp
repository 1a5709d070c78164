#include "app/report/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace glim::app::report {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Sample standard deviation; nothing for fewer than two values.
std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) return {};
  const double middle = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace

Figure mean_of(Unit unit, const std::vector<double>& values, const std::string& why) {
  return values.empty() ? absent(why) : measured(unit, mean(values), deviation(values));
}

Figure mean_with_error(Unit unit, const std::vector<double>& values, const std::string& why) {
  Figure out = mean_of(unit, values, why);
  if (out.spread) out.spread = *out.spread / std::sqrt(static_cast<double>(values.size()));
  return out;
}

Figure root_of_mean(Unit unit, const std::vector<double>& squares) {
  const Figure mean = mean_with_error(Unit::ratio, squares, "");
  const double root = std::sqrt(mean.value);
  if (root == 0 || !mean.spread) return measured(unit, root);
  return measured(unit, root, *mean.spread / (2 * root));
}

Figure median_of(Unit unit, std::vector<double> values, const std::string& why) {
  if (values.empty()) return absent(why);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::pair<double, double> range{*low, *high};
  Figure out = measured(unit, quantile(values, 0.5));
  if (values.size() > 1) out.range = range;
  return out;
}

double quantile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = fraction * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace glim::app::report
