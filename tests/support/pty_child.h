#pragma once

#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <clocale>
#include <cstdlib>
#include <functional>
#include <string>

namespace glim {

/// A child process at a terminal of its own, seen from the other side of that terminal.
class PtyChild {
 public:
  explicit PtyChild(const std::function<int()>& body, const char* locale = "C.UTF-8",
                    const char* type = "xterm-256color") {
    winsize size = {24, 80, 0, 0};
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM}) ::signal(number, SIG_DFL);
    setenv("TERM", type, 1);
    std::setlocale(LC_CTYPE, locale);
    _exit(body());
  }
  ~PtyChild() { close(master_); }
  PtyChild(const PtyChild&) = delete;
  PtyChild& operator=(const PtyChild&) = delete;

  /// Reads until `text` has come, or to the end.
  void expect(const std::string& text) {
    char buffer[4096];
    while (output_.find(text, seen_) == std::string::npos) {
      const ssize_t n = read(master_, buffer, sizeof buffer);
      if (n <= 0) return;
      output_.append(buffer, static_cast<std::size_t>(n));
    }
    seen_ = output_.find(text, seen_);
  }
  void type(const std::string& bytes) { CHECK(write(master_, bytes.data(), bytes.size()) > 0); }
  void resize(unsigned short rows, unsigned short cols) {
    const winsize size = {rows, cols, 0, 0};
    CHECK(ioctl(master_, TIOCSWINSZ, &size) == 0);
  }
  void signal(int number) { CHECK(kill(pid_, number) == 0); }
  int status() {
    expect("nothing that a terminal would show");
    int out = 0;
    waitpid(pid_, &out, 0);
    return out;
  }
  bool wrote(const std::string& text) const { return output_.find(text) != std::string::npos; }
  /// Whether `text` came after the first `begin` and before the last `end`.
  bool wrote_between(const std::string& begin, const std::string& text, const std::string& end) const {
    const std::size_t at = output_.find(text, output_.find(begin));
    return at != std::string::npos && at < output_.rfind(end);
  }
  bool ends_with_modes_off() const {
    const auto last = [&](const char* text) { return output_.rfind(text); };
    return last("\x1b[?1049l") > last("\x1b[?1049h") && last("\x1b[?2004l") > last("\x1b[?2004h") &&
           last("\x1b[?1004l") > last("\x1b[?1004h") && last("\x1b[?1000l") > last("\x1b[?1000h");
  }

 private:
  int master_ = -1;
  pid_t pid_ = -1;
  std::string output_;
  std::size_t seen_ = 0;
};

}  // namespace glim
