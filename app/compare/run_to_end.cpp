#include "app/compare/run_to_end.h"

namespace glim::app {
int run_to_end(CompareRunner& runner, Signals& signals,
               const std::function<void(const Comparison&)>& changed) {
  int status = 0;
  runner.start();
  while (runner.busy()) {
    signals.wait(runner.wake_fds());
    if (const auto number = signals.take()) {
      if (status != 0) break;
      status = 128 + *number;
      runner.stop();
    }
    if (runner.poll()) changed(runner.state());
  }
  return status;
}

}  // namespace glim::app
