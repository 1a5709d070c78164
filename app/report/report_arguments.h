#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to "report".
struct ReportArguments {
  std::vector<std::string> models;
  std::string contexts = "65536", depths, streams;  ///< numbers separated by commas
  std::string text_file, prompt_set, reference;
  std::string backend = "auto", kv_type = "f16";
  std::vector<std::string> outputs, baselines;
  std::int32_t repetitions = 5, threads = 0, chunk = 512, chunks = 0, answer_tokens = 256;
  bool quick = false, speed = false, no_speed = false, no_quality = false, fresh = false, json = false;
};

std::vector<Flag> report_flags(ReportArguments& arguments);

}  // namespace glim::app
