#pragma once

#include "app/model_tools.h"

namespace glim::app {

/// "run": one answer, or with --batch one per line of a file, on standard output; nothing else is written
/// there. Returns the exit status: 0, 124 at the time limit, 128 plus the number of a signal (after the
/// partial answer).
int run_prompt(const ModelJob& job);

}  // namespace glim::app
