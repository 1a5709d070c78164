#pragma once

#include <vector>

#include "app/report/figure.h"

namespace glim::app::report {

/// Mean with the sample standard deviation as spread; absent with `why` when there are no values.
Figure mean_of(Unit unit, const std::vector<double>& values, const std::string& why);

/// Mean with its standard error as spread.
Figure mean_with_error(Unit unit, const std::vector<double>& values, const std::string& why);

/// Root of the mean of `squares`, of which there are some, with the standard error that follows from theirs.
Figure root_of_mean(Unit unit, const std::vector<double>& squares);

/// Median with smallest and largest value as range.
Figure median_of(Unit unit, std::vector<double> values, const std::string& why);

/// By linear interpolation between the two nearest of the n - 1 steps, as the KL statistics of llama.cpp.
double quantile(std::vector<double> values, double fraction);

}  // namespace glim::app::report
