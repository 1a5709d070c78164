#pragma once

#include <string>

#include "app/quantize.h"
#include "engine/measure/text_model.h"

namespace glim::app {

/// The text of -f, which may be standard input. Throws E501.
std::string read_measured_text(const ToolJob& job);

/// Its name in messages and files: without folders.
std::string measured_name(const ToolJob& job);

/// Throws E501 for lengths that cannot be.
ChunkRules chunk_rules(const ToolJob& job);

/// For the model `name`, with the KV cache in f16. Throws E101, E110.
EngineOptions measured_options(const ToolJob& job, const std::string& name);

/// Throws E501 saying what to do when `value` is empty.
void require_flag(const std::string& value, const char* command, const char* flag, const char* help);

/// Tells a run whether to go on, and afterwards the exit status of the signal that ended it, or 0.
class StopOnSignal {
 public:
  explicit StopOnSignal(Signals& signals) : signals_(signals) {}
  bool go_on() {
    if (const auto number = signals_.take(); number && status_ == 0) status_ = 128 + *number;
    return status_ == 0;
  }
  int status() const { return status_; }

 private:
  Signals& signals_;
  int status_ = 0;
};

}  // namespace glim::app
