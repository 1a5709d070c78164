#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What "eval --suite" is told beside what all of "eval" shares.
struct SuiteArguments {
  std::string suites, tests;  ///< names with commas between them
  std::string targets = "4k,32k,64k";
  bool allow_exec = false, gate = false;
  std::string out_file, items_file;

  // shared with the rest of eval, filled in by it
  std::vector<std::string> models;
  std::string backend = "auto", kv_type = "f16";
  std::int32_t threads = 0, batch = 256;
  std::int32_t ctx = 0;  ///< 0: what the targets need, as far as the model was trained for it and it fits
  bool json = false;

  /// Whether a flag that needs --suite is there.
  bool given() const {
    return !tests.empty() || !out_file.empty() || allow_exec || gate || targets != SuiteArguments().targets;
  }
};

/// The flags that only suites have.
std::vector<Flag> suite_flags(SuiteArguments& arguments);

}  // namespace glim::app
