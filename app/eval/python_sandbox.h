#pragma once

#include <string>
#include <string_view>

namespace glim::app {

/// Where a Python program may run.
enum class Isolation {
  sandbox,  ///< no network, no files but the interpreter's, a small /tmp of its own, no other processes
  limits    ///< limits only; for programs of glim's own that read foreign text without running it
};

/// Limits of every run.
inline constexpr double kPythonSeconds = 5;
inline constexpr std::size_t kPythonMemory = std::size_t{256} << 20;

struct PythonJob {
  std::string_view program;  ///< source
  std::string_view input;    ///< of its standard input
  Isolation isolation = Isolation::sandbox;
  double seconds = kPythonSeconds;  ///< it may take
  bool wrapper = true;              ///< bubblewrap may be used
};

struct PythonOutcome {
  enum class Kind {
    finished,    ///< `status` is the exit status
    killed,      ///< `status` is the signal's number
    timed_out,   ///< it was ended when its time was over
    unavailable  ///< nothing was run; `output` says why
  } kind = Kind::unavailable;
  int status = 0;
  std::string output;  ///< standard output and error, its beginning
};

/// Runs it to its end: with bubblewrap where that is installed and works, else in namespaces of its own. In
/// no case does a program run outside when isolation was asked for. Safe beside other threads; needs Linux.
PythonOutcome run_python(const PythonJob& job);

}  // namespace glim::app
