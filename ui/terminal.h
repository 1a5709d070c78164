#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/theme.h"

namespace glim::ui {

struct TerminalOptions {
  ColorMode colors = ColorMode::ansi16;  ///< reduced to what the terminal can do
  Theme theme = default_theme();
  bool mouse = true;
  std::string type = {};  ///< instead of $TERM; empty: $TERM, then xterm-256color
};

/// What happened at the terminal.
struct TerminalEvent {
  enum class Kind : std::uint8_t {
    key,
    resized,  ///< `size` is the new one
    resumed,  ///< after a stop: everything was set up again, paint; `size` may have changed
    suspend,  ///< stop wanted from outside: call suspend()
    signal,   ///< `signal_number` of SIGINT, SIGTERM, SIGHUP or SIGUSR1
    closed,   ///< the terminal is gone
  };
  Kind kind = Kind::key;
  KeyEvent key;
  Size size;
  int signal_number = 0;
};

/// The whole terminal, in full-screen mode while the object lives. The only owner of ncurses, therefore at
/// most one at a time. Everything is called from the thread that made it. No timers: without input or signals
/// nothing wakes up.
///
/// Signals INT, TERM, HUP, USR1, WINCH, TSTP and CONT become events while it lives. A crash (SEGV, ABRT, FPE,
/// ILL, BUS, QUIT) first puts the terminal back into its normal state, then takes its course.
class Terminal {
 public:
  explicit Terminal(const TerminalOptions& options = {});  ///< throws E301 when there is no usable terminal
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int input_fd() const;   ///< poll for reading
  int signal_fd() const;  ///< poll for reading

  /// Everything that is there, without blocking. Call once at the start, for what was typed before the
  /// terminal was opened; when one of the two is readable; and, as long as pending_escape(), after the escape
  /// time has passed without a byte: then with `escape_timed_out`.
  std::vector<TerminalEvent> read_events(bool escape_timed_out = false);
  bool pending_escape() const;

  Size size() const;  ///< as the terminal says now
  ColorMode colors() const;

  /// Shows the canvas: what differs from the screen is written, in one go.
  void present(const Canvas& canvas);
  void repaint();  ///< the next present() writes everything (Ctrl-L)

  /// Ctrl-Z: normal state, stop the process group, and after it is continued full screen again; then paint.
  void suspend();

  /// Normal state for another program (an editor) and back. Pairs.
  void leave();
  void enter();

  /// Normal state for good; may be called often, also by the destructor.
  void restore() noexcept;

  /// Puts text on the clipboard by OSC 52. Only on a key press of the user.
  void copy(std::string_view text);
  void bell();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether LC_CTYPE, which must have been set, names UTF-8.
bool utf8_locale();

}  // namespace glim::ui
