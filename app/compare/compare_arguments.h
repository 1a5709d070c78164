#pragma once

#include <string>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to compare, besides keys of profiles.
struct CompareArguments {
  std::vector<std::string> words;  ///< model names or profiles
  std::string prompt, prompt_file, prompt_set;
  std::string reference = "1", mode = "auto", kv_types, gate, report, replay, output = "text";
  bool no_drift = false, own_sampling = false, blind = false;
};

std::vector<Flag> compare_flags(CompareArguments& arguments);

}  // namespace glim::app
