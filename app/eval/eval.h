#pragma once

#include "app/job.h"

namespace glim::app {

/// "eval": how good models are, and how much quants have lost. Results on standard output as tables or, with
/// --json, as one object; how far it is on standard error. Results go
/// into the store. A signal ends it with 128 + its number and what
/// has been measured until then, marked as partial.
int evaluate(const Job& job);

}  // namespace glim::app
