#include "app/report/report.h"

#include <algorithm>

namespace glim::app::report {

std::vector<std::string> partial_lines(const Report& report) {
  std::vector<std::string> out;
  if (!report.partial.empty()) out.push_back("This report is partial: " + report.partial + ".");
  for (const Row& row : report.rows)
    if (!row.failure.empty()) out.push_back(row.identity.name + ": " + row.failure);
  return out;
}

std::optional<std::size_t> largest_context(const Report& report) {
  if (report.contexts.empty()) return {};
  const auto place = std::max_element(report.contexts.begin(), report.contexts.end());
  return static_cast<std::size_t>(place - report.contexts.begin());
}

}  // namespace glim::app::report
