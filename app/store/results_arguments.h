#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to "results list", "show", "compare", "export" and "rm".
struct ResultsArguments {
  std::string kind, model, output = "csv";
  std::int32_t limit = 0;  ///< 0: all
  bool json = false;
  std::vector<std::string> ids;
};

struct ResultsVerb {
  std::string_view name, help;
};

std::span<const ResultsVerb> results_verbs();
std::vector<Flag> results_flags(std::string_view verb, ResultsArguments& arguments);

}  // namespace glim::app
