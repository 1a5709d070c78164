#pragma once

#include <vector>

#include "app/report/report.h"
#include "app/report/table.h"

namespace glim::app::report {

/// The summary: one line per row, what matters most.
Table scorecard(const Report& report);

/// Memory at every context of the report.
Table memory_table(const Report& report);

/// Who is best for what, with the rule.
Table verdict_table(const Report& report);

/// Blocks A to I, and votes; without the tables that the report has nothing for.
std::vector<Table> figure_tables(const Report& report);

/// Block J: percentages against the baselines, metric by metric, then what single factors do.
std::vector<Table> change_tables(const Report& report);

/// Places where the rows' predictions are farthest from the reference.
Table difference_table(const Report& report);

/// Sentences under the verdict: fronts, one line per row, and what they rest on.
std::vector<std::string> verdict_lines(const Report& report);

}  // namespace glim::app::report
