#pragma once

#include "app/compare/comparison.h"
#include "app/report/report.h"

namespace glim::app::report {

/// What a comparison has found so far, one row per pane. One that was stopped, or whose panes failed, makes a
/// report that says so. The provenance holds the settings of the comparison; add the machine's.
Report report_of(const Comparison& comparison);

}  // namespace glim::app::report
