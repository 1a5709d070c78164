#pragma once

#include <termios.h>

#include <string_view>
#include <vector>

namespace glim::ui {

// Terminal modes that ncurses does not know: bracketed paste, focus reports, and the mouse by SGR reports.
inline constexpr std::string_view kModesOn = "\x1b[?2004h\x1b[?1004h";
inline constexpr std::string_view kMouseOn = "\x1b[?1000h\x1b[?1006h";
inline constexpr std::string_view kModesOff = "\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l";
// A frame between these two appears at once, in terminals that say that they can.
inline constexpr std::string_view kAskSynchronized = "\x1b[?2026$p";
inline constexpr std::string_view kFrameBegin = "\x1b[?2026h", kFrameEnd = "\x1b[?2026l";

/// Signals of a full-screen program while the object lives: those that mean something to the program become
/// bytes in a pipe, those that end it put the terminal back first. At most one at a time, made and used in
/// one thread.
class TerminalSignals {
 public:
  /// `terminal` must stay open; `normal` is its state to go back to in a crash.
  TerminalSignals(int terminal, const termios& normal);
  ~TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

  int fd() const { return read_end_; }  ///< readable while take() would return something
  std::vector<int> take();              ///< signal numbers in the order they came, without blocking

  void install();                   ///< again, after somebody else has set handlers
  void set_full_screen(bool full);  ///< whether a crash has anything to put back
  void stop_process_group();        ///< returns when it is continued

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

}  // namespace glim::ui
