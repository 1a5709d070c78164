#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/report/report.h"

namespace glim::app::report {

/// Names of the factors in which two rows differ.
std::vector<std::string_view> differing_factors(const Row& a, const Row& b);

/// x / base - 1. Nothing unless both are measured or both are planned: an estimate has no place in a
/// percentage, and the two kinds do not mix. Nothing for a base of 0.
std::optional<double> change(const Figure& value, const Figure& base);

/// Rows that others are compared with, at most four: those that the report names, else all rows when there
/// are that few, else the reference and of every model the two with the most bits per weight. Throws E501 for
/// a name that no row has.
std::vector<std::size_t> baseline_rows(const Report& report);

/// What one factor does: `row` and `base` differ in nothing else.
struct Impact {
  std::string_view factor;
  std::size_t row = 0, base = 0;
};

/// The impact, or the sentence why none can be named: the rows differ in nothing or in more than one factor.
std::variant<Impact, std::string> impact_of(const Report& report, std::size_t row, std::size_t base);

/// All pairs with one difference, factor by factor. Among rows that agree in everything else, the base is the
/// reference, else the row with the most bits per weight, else the first.
std::vector<Impact> impacts(const Report& report);

}  // namespace glim::app::report
