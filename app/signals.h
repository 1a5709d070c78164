#pragma once

#include <signal.h>

#include <optional>
#include <span>

namespace glim::app {

/// While it lives, SIGINT, SIGTERM and SIGHUP of this thread and of threads that it starts arrive at fd()
/// instead of ending the program. Make it before engines are opened.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_; }
  std::optional<int> take();  ///< the number of one that has come

  /// Sleeps until one has come or one of `fds` can be read. What models say gathers for ten milliseconds
  /// more, since waking up for every token would take a core from them.
  void wait(std::span<const int> fds) const;

  /// Lets them end the program again, for the time of a blocking read.
  void let_through() const;
  void hold() const;

 private:
  sigset_t held_, before_;
  int fd_;
};

}  // namespace glim::app
