#pragma once

#include "app/eval/suite_arguments.h"
#include "app/job.h"

namespace glim::app {

/// Runs the suites on each model in turn. Tables or JSON on standard output, how far it is on standard error.
/// A model that cannot be loaded says why and the others go on; with one model alone its error is thrown.
/// Returns 8 when --gate is given and a test failed, 128 + the number of a signal, which leaves what there is
/// until then marked as interrupted, or the status of the first model that could not be loaded. Throws E501.
int evaluate_suites(const Job& job, const SuiteArguments& arguments);

}  // namespace glim::app
