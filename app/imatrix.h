#pragma once

#include "app/quantize.h"

namespace glim::app {

/// "imatrix": runs the text of -f through the model and writes what its weights see to -o, saving now and
/// then; continues a file that is there. --in-file adds the matrices of other runs, also without a text.
/// --show-statistics prints a table on standard output. A signal saves what there is and ends with 128 + its
/// number.
int make_importance(const ToolJob& job);

}  // namespace glim::app
