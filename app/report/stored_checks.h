#pragma once

#include "app/report/report.h"
#include "app/store/result_store.h"

namespace glim::app::report {

/// Gives rows what `glim eval` has stored of their files: questions (block H) and scenarios (block I). Of
/// every test the newest result with the row's KV type counts; times only when they are of this machine, and
/// questions are compared with the reference's answers to the same ones. What only other rows have says how
/// to get it. Throws E701.
void add_stored_checks(Report& report, const ResultStore& store);

}  // namespace glim::app::report
