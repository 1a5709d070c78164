#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/bench/bench_arguments.h"
#include "app/compare/compare_arguments.h"
#include "app/eval/eval_arguments.h"
#include "app/fit/fit_arguments.h"
#include "app/profile.h"
#include "app/report/report_arguments.h"
#include "app/store/results_arguments.h"
#include "app/tool_arguments.h"

namespace glim::app {

/// What the command line asks for, checked as far as that is possible without reading files.
struct Arguments {
  std::string command = "chat";  ///< "chat", "run", "inspect", "profiles list", "debug render", "paths", ...
  std::string answer;            ///< text of --help or --version: print it and stop
  std::vector<std::string> notes;  ///< about flags that change nothing here

  std::string profile;
  Settings overrides;  ///< from GLIM_ variables, flags and --set, in rising order
  std::string profiles_file;

  // chat
  bool plain = false;
  std::string color = "auto";    ///< "auto", "always", "never"; NO_COLOR has been looked at
  std::string mouse = "on";      ///< "on", "off"
  std::string unicode = "auto";  ///< "auto": as the locale says; "on"
  // run
  std::vector<std::string> words;
  std::string prompt, prompt_file, output = "text", batch_file;
  std::string show_thinking = "none";  ///< "none", "stderr", "inline"
  double timeout_seconds = 0;          ///< 0: none
  // inspect, profiles, devices, debug
  std::string file, name;
  bool json = false, origin = false, specials = false;
  std::string tokens, out_file, template_file;
  bool time = false;
  std::int32_t chunk = 0, rows = 1, depth = 0, repetitions = 5;
  std::string against;  ///< of debug verify; empty: the processor, or for it the reference
  std::int32_t step_rows = 32;
  double tolerance = 2e-3;
  bool verify = false;
  ToolArguments tool;  ///< of the commands in tool_commands()
  BenchArguments bench;
  ResultsArguments results;
  EvalArguments eval;
  ReportArguments report;
  CompareArguments compare;
  FitArguments fit;
  // convert
  std::string type;                ///< of all matrices; empty keeps what the folder has
  bool prediction_layers = false;  ///< keep those that predict further tokens
};

/// Single-dash names of several letters (-ctk) become long ones, --no-x becomes --x=off, and a missing
/// subcommand becomes "chat". `words` does not hold the program's name.
std::vector<std::string> normalise_arguments(std::vector<std::string> words);

/// Throws E501 for everything that is wrong with the command line.
Arguments parse_arguments(const std::vector<std::string>& words);

}  // namespace glim::app
