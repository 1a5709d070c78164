#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to "fit".
struct FitArguments {
  std::vector<std::string> words, models;  ///< model names, wildcards and comma lists among them
  std::string profile, profiles_file;
  std::vector<std::string> contexts, kv_types;  ///< comma lists
  std::string memory;                           ///< of --vram; empty: this machine's
  std::string backend;                          ///< empty: what the profile says
  std::string gpu_layers, cpu_moe_layers;       ///< likewise
  bool host_cache = false;
  std::int32_t parallel = 1;
  std::int32_t ubatch = 0;  ///< 0: what the profile says
  bool json = false, history = false;
};

std::vector<Flag> fit_flags(FitArguments& arguments);

}  // namespace glim::app
