#pragma once

#include "app/job.h"

namespace glim::app {

/// "report": size, memory, speed and quality of files, shapes and types of the built-in model in one table on
/// standard output, and in files. A row that fails says why and the others go on. A signal ends it with 128 +
/// its number after what is there has been written, marked as partial.
int make_report(const Job& job);

}  // namespace glim::app
