#pragma once

#include <vector>

#include "app/eval/task_eval.h"
#include "app/eval/text_eval.h"
#include "app/store/measurement.h"

namespace glim::app {

/// One measurement for each model, of what it has done to the end.
std::vector<Measurement> measurements_of(const Job& job, const std::vector<TextResult>& texts,
                                         const std::vector<TaskResult>& tasks);

}  // namespace glim::app
