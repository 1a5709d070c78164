#pragma once

#include <functional>
#include <vector>

#include "app/bench/bench_plan.h"
#include "app/job.h"

namespace glim::app {

/// "bench --parallel": every model and settings with several numbers of sequences, in the columns of
/// llama-batched-bench. What the limits do not allow is a row that says why. Returns the exit status.
int bench_parallel(const Job& job, const BenchPlan& plan);

/// Why so many sequences cannot be run within the limits of the command line; empty when they can. `token`:
/// bytes of one cached token. Throws E501 for a budget that is none.
std::string parallel_refusal(const ParallelTest& test, const BenchArguments& arguments, std::uint64_t token);

}  // namespace glim::app
