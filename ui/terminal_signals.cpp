#include "ui/terminal_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "engine/base/error.h"

namespace glim::ui {
namespace {

constexpr std::array kReported = {SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGUSR1};
constexpr std::array kFatal = {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGQUIT};

// Handlers take no argument of ours, so what they need is here.
std::atomic<int> pipe_end = -1;
std::atomic<int> terminal_fd = -1;
std::atomic<bool> full_screen = false;
termios normal_state;
std::array<struct sigaction, kReported.size()> reported_before;
std::array<struct sigaction, kFatal.size()> fatal_before;
std::array<bool, kFatal.size()> fatal_ours;
alignas(16) std::array<char, 1 << 16> crash_stack;
stack_t stack_before;

// Leaves the modes, shows the cursor, resets attributes and the keypad, leaves the alternate screen.
constexpr char kRestore[] =
    "\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?1l\x1b>\x1b[?1049l\r\n";

void report(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  // A full pipe already has plenty to wake up for.
  [[maybe_unused]] const ssize_t n = write(pipe_end.load(), &byte, 1);
  errno = saved;
}

/// Only what POSIX allows in a signal handler.
void crash(int number, siginfo_t* info, void*) {
  const int saved = errno;
  if (full_screen.exchange(false)) {
    [[maybe_unused]] const ssize_t n = write(terminal_fd.load(), kRestore, sizeof kRestore - 1);
    tcsetattr(terminal_fd.load(), TCSANOW, &normal_state);
  }
  for (std::size_t i = 0; i < kFatal.size(); ++i)
    if (kFatal[i] == number) sigaction(number, &fatal_before[i], nullptr);
  errno = saved;
  // A fault happens again on return and then meets whoever was there before; a signal that was sent does not.
  const bool was_sent = info == nullptr || info->si_code <= 0;
  if (was_sent) raise(number);
}

}  // namespace

TerminalSignals::TerminalSignals(int terminal, const termios& normal) {
  GLIM_ASSERT(pipe_end.load() < 0);
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
    throw Error(ErrorCode::E301, "no file descriptors are left; close some or raise the limit (ulimit -n)");
  read_end_ = ends[0];
  write_end_ = ends[1];
  pipe_end = write_end_;
  terminal_fd = terminal;
  normal_state = normal;
  const stack_t stack = {crash_stack.data(), 0, crash_stack.size()};
  sigaltstack(&stack, &stack_before);
  for (std::size_t i = 0; i < kReported.size(); ++i) sigaction(kReported[i], nullptr, &reported_before[i]);
  struct sigaction action = {};
  action.sa_sigaction = crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], nullptr, &fatal_before[i]);
    // Mapped files answer SIGBUS themselves when they shrink; that is no crash, so the handler stays in
    // front.
    fatal_ours[i] = kFatal[i] != SIGBUS || fatal_before[i].sa_handler == SIG_DFL;
    if (fatal_ours[i]) sigaction(kFatal[i], &action, nullptr);
  }
  install();
}

TerminalSignals::~TerminalSignals() {
  full_screen = false;
  for (std::size_t i = 0; i < kReported.size(); ++i) sigaction(kReported[i], &reported_before[i], nullptr);
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    struct sigaction now = {};
    sigaction(kFatal[i], nullptr, &now);
    if (fatal_ours[i] && now.sa_sigaction == crash) sigaction(kFatal[i], &fatal_before[i], nullptr);
  }
  sigaltstack(&stack_before, nullptr);
  pipe_end = -1;
  close(read_end_);
  close(write_end_);
}

void TerminalSignals::install() {
  struct sigaction action = {};
  action.sa_handler = report;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int number : kReported) sigaction(number, &action, nullptr);
}

std::vector<int> TerminalSignals::take() {
  std::vector<int> out;
  unsigned char bytes[64];
  for (ssize_t n; (n = read(read_end_, bytes, sizeof bytes)) > 0;)
    for (ssize_t i = 0; i < n; ++i)
      if (out.empty() || out.back() != bytes[i]) out.push_back(bytes[i]);
  return out;
}

void TerminalSignals::set_full_screen(bool full) {
  full_screen = full;
}

void TerminalSignals::stop_process_group() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTSTP, &action, nullptr);
  kill(0, SIGTSTP);
  install();
}

}  // namespace glim::ui
