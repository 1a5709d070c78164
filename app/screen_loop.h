#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "ui/terminal.h"

namespace glim::app {

/// The sleep between events and the frames of a full screen. What the user does shows at once; what models do
/// is gathered into at most thirty frames per second, fifteen over ssh. Without anything to wait for it
/// sleeps until there is input.
class ScreenLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Deadline = std::optional<Clock::time_point>;

  explicit ScreenLoop(ui::Terminal& terminal);

  void changed() { dirty_ = true; }            ///< by a model
  void touched() { dirty_ = urgent_ = true; }  ///< by the user
  bool frame_due() const;
  void painted();

  /// Sleeps until the terminal, one of `fds` or the deadline has something to say, and returns what happened
  /// at the terminal. With a frame to come, `fds` have to wait for it. While `busy` it also wakes four times
  /// a second and asks for a frame, for numbers that run. Throws E301 when the terminal cannot be waited for.
  std::vector<ui::TerminalEvent> wait(const std::vector<int>& fds, bool busy, const Deadline& deadline = {});

 private:
  std::chrono::milliseconds frame() const;

  ui::Terminal& terminal_;
  bool over_ssh_;
  bool dirty_ = true, urgent_ = true;
  Clock::time_point last_paint_{};
  Deadline meters_;
};

}  // namespace glim::app
