#pragma once

#include "app/report/report.h"

namespace glim::app::report {

/// Bytes per second that `threads` threads (0: all) read from memory together, measured over buffers that no
/// cache holds. Takes a fraction of a second and 256 MiB. 0 when the memory cannot be had.
double memory_bandwidth(int threads);

/// Gives rows without a measured generation rate an estimate: bandwidth over the bytes that a token reads.
/// The bandwidth is the best that a row of this report has reached with more than 100 MB per token, else
/// what memory_bandwidth() says, which is a limit that no engine reaches.
void estimate_speeds(Report& report, int threads);

}  // namespace glim::app::report
