#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/engine_source.h"
#include "app/one_shot.h"
#include "app/report/report.h"

namespace glim::app::report {

/// Which speeds are measured. Tokens of prompts are random, as in llama-bench; every speed is of the engine
/// as chats use it, sampling included.
struct SpeedTests {
  std::int32_t prompt = 512, generated = 128;
  std::int32_t long_prompt = 2048;  ///< for the time to the first token
  std::int32_t repetitions = 5;
  std::vector<std::int64_t> depths;   ///< tokens that the cache holds already
  std::vector<std::int64_t> streams;  ///< replies that are written side by side
  bool cold_load = true;              ///< also load with the file's pages dropped from memory
};

/// Thrown when a signal came.
struct Stopped {
  int status;  ///< 128 + the signal's number
};

/// Loads the model as often as it takes and fills the row's load, speed, depth, parallel and peak memory
/// figures. `options.ctx` is chosen by the tests. `on_step` hears what is measured next. Throws what loading
/// and generating throw, and Stopped.
void measure_speed(Row& row, EngineSource& source, const EngineOptions& options, const SpeedTests& tests,
                   Signals& signals, const std::function<void(const std::string&)>& on_step);

}  // namespace glim::app::report
