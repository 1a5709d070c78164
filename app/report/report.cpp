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
  std::optional<std::size_t> out;
  for (std::size_t c = 0; c < report.contexts.size(); ++c) {
    const bool known = std::any_of(report.rows.begin(), report.rows.end(), [&](const Row& row) {
      return c < row.memory.size() && row.memory[c].total.present();
    });
    if (known && (!out || report.contexts[c] > report.contexts[*out])) out = c;
  }
  return out;
}

}  // namespace glim::app::report
