#pragma once

#include "app/bench/bench_plan.h"
#include "app/job.h"

namespace glim::app {

/// "bench --latency": what a user waits for, through the whole engine with template and sampler: the first
/// token of a prompt of 2048 tokens, and "Count 1 to 5" with 10 tokens, with an empty cache and with the
/// prompt still in it. Median and range of the repetitions. Returns the exit status.
int bench_latency(const Job& job, const BenchPlan& plan);

}  // namespace glim::app
