#pragma once

#include "app/job.h"

namespace glim::app {

/// "fit": what models need, what is there, and what would help, all from the plan that loading makes. Returns
/// 4 when nothing of what was asked for fits into memory.
int fit(const Job& job);

}  // namespace glim::app
