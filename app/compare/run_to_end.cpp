#include "app/compare/run_to_end.h"

#include <poll.h>

#include <vector>

namespace glim::app {
namespace {

/// Milliseconds in which events gather: waking up for every token would take a core from the models.
constexpr int kGather = 10;

}  // namespace

int run_to_end(CompareRunner& runner, Signals& signals,
               const std::function<void(const Comparison&)>& changed) {
  int status = 0;
  runner.start();
  while (runner.busy()) {
    std::vector<pollfd> fds;
    for (const int fd : runner.wake_fds()) fds.push_back({fd, POLLIN, 0});
    fds.push_back({signals.fd(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), -1);
    ::poll(&fds.back(), 1, kGather);
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
