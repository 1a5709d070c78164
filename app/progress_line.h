#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/console.h"

namespace glim::app {

/// How far a long command has come, on standard error: one line that is painted over on a terminal, a line
/// now and then elsewhere. The destructor takes an unfinished line away.
class ProgressLine {
 public:
  /// `verb`: "quantizing".
  ProgressLine(Console& console, std::string verb);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `done` of `total` bytes; `what` is at work now and safe to print. Cheap: prints only when it is time to.
  void update(std::uint64_t done, std::uint64_t total, std::string_view what);

  /// The same with figures of the caller's own, safe to print; `last`: all is done.
  void show(std::string_view figures, bool last);

  double seconds() const;  ///< since the beginning

 private:
  using Clock = std::chrono::steady_clock;

  /// Whether it is time for another line; the last one is for terminals only.
  bool due(bool last);
  void print(const std::string& line);

  Console& console_;
  std::string verb_;
  Clock::time_point began_, printed_;
  bool painted_ = false;
};

}  // namespace glim::app
