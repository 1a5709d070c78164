#pragma once

#include <signal.h>

#include <optional>

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

  /// Lets them end the program again, for the time of a blocking read.
  void let_through() const;
  void hold() const;

 private:
  sigset_t held_, before_;
  int fd_;
};

}  // namespace glim::app
