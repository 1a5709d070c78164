#include "app/screen_loop.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "engine/base/error.h"

namespace glim::app {
namespace {

using std::chrono::milliseconds;

int poll_timeout(ScreenLoop::Clock::time_point now, std::initializer_list<ScreenLoop::Deadline> deadlines) {
  ScreenLoop::Deadline first;
  for (const auto& deadline : deadlines)
    if (deadline && (!first || *deadline < *first)) first = deadline;
  if (!first) return -1;
  const auto wait = std::chrono::ceil<milliseconds>(*first - now).count();
  return static_cast<int>(std::clamp<long long>(wait, 0, 60'000));
}

}  // namespace

ScreenLoop::ScreenLoop(ui::Terminal& terminal)
    : terminal_(terminal), over_ssh_(std::getenv("SSH_CONNECTION") != nullptr) {}

milliseconds ScreenLoop::frame() const {
  return milliseconds(over_ssh_ ? 66 : 33);
}

bool ScreenLoop::frame_due() const {
  return dirty_ && (urgent_ || Clock::now() - last_paint_ >= frame());
}

void ScreenLoop::painted() {
  dirty_ = urgent_ = false;
  last_paint_ = Clock::now();
}

std::vector<ui::TerminalEvent> ScreenLoop::wait(const std::vector<int>& fds, bool busy,
                                                const Deadline& deadline) {
  const auto begin = Clock::now();
  if (!busy)
    meters_.reset();
  else if (!meters_)
    meters_ = begin + milliseconds(250);
  const Deadline paint = dirty_ ? Deadline(last_paint_ + frame()) : std::nullopt;
  const Deadline escape =
      terminal_.pending_escape() ? Deadline(begin + milliseconds(over_ssh_ ? 50 : 25)) : std::nullopt;
  std::vector<pollfd> all = {{terminal_.input_fd(), POLLIN, 0}, {terminal_.signal_fd(), POLLIN, 0}};
  // What models say before the next frame can wait for it: waking up for every token would take a core from
  // them.
  const bool gathers = paint && *paint > begin;
  if (!gathers)
    for (const int fd : fds) all.push_back({fd, POLLIN, 0});
  const int ready = ::poll(all.data(), all.size(), poll_timeout(begin, {paint, meters_, escape, deadline}));
  if (ready < 0 && errno != EINTR) throw Error(ErrorCode::E301, "poll failed on the terminal; restart glim");
  const auto now = Clock::now();
  if (meters_ && now >= *meters_) {
    meters_.reset();
    dirty_ = true;
  }
  if (ready > 0 && (all[0].revents != 0 || all[1].revents != 0)) return terminal_.read_events(false);
  if (escape && now >= *escape) return terminal_.read_events(true);
  return {};
}

}  // namespace glim::app
