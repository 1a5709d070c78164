#include "app/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <vector>

#include "engine/base/error.h"

namespace glim::app {

Signals::Signals() {
  ::sigemptyset(&held_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&held_, number);
  ::pthread_sigmask(SIG_BLOCK, &held_, &before_);
  fd_ = ::signalfd(-1, &held_, SFD_NONBLOCK | SFD_CLOEXEC);
  GLIM_ASSERT(fd_ >= 0);
}

Signals::~Signals() {
  ::close(fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::take() {
  signalfd_siginfo info;
  if (::read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void Signals::wait(std::span<const int> fds) const {
  constexpr int kGather = 10;
  std::vector<pollfd> all = {{fd_, POLLIN, 0}};
  for (const int fd : fds) all.push_back({fd, POLLIN, 0});
  ::poll(all.data(), all.size(), -1);
  ::poll(all.data(), 1, kGather);
}

void Signals::let_through() const {
  ::pthread_sigmask(SIG_UNBLOCK, &held_, nullptr);
}
void Signals::hold() const {
  ::pthread_sigmask(SIG_BLOCK, &held_, nullptr);
}

}  // namespace glim::app
