#pragma once

#include "app/job.h"

namespace glim::app {

/// `glim compare`: two to four models side by side, as text. Returns the exit status: 8 for a broken gate,
/// that of the error when every pane failed, 128 and the number of the signal that ended it.
int compare(const Job& job);

}  // namespace glim::app
