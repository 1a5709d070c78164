#include "ui/terminal.h"

#include <poll.h>
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

#include "engine/base/error.h"

using namespace glim;
using namespace glim::ui;

namespace {

/// A child process at a terminal of its own, seen from the other side of that terminal.
class Child {
 public:
  explicit Child(const std::function<int()>& body, const char* locale = "C.UTF-8") {
    winsize size = {24, 80, 0, 0};
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM}) signal(number, SIG_DFL);
    setenv("TERM", "xterm-256color", 1);
    std::setlocale(LC_CTYPE, locale);
    _exit(body());
  }
  ~Child() { close(master_); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

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
  int status() {
    expect("nothing that a terminal would show");
    int out = 0;
    waitpid(pid_, &out, 0);
    return out;
  }
  bool wrote(const std::string& text) const { return output_.find(text) != std::string::npos; }
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

void show(Terminal& terminal, const std::string& text) {
  Canvas canvas(terminal.size());
  canvas.put({1, 2}, text, Style::user);
  canvas.set_cursor({1, 2});
  terminal.present(canvas);
}

std::vector<TerminalEvent> wait_for_events(Terminal& terminal) {
  std::vector<TerminalEvent> events;
  while (events.empty()) {
    pollfd files[] = {{terminal.input_fd(), POLLIN, 0}, {terminal.signal_fd(), POLLIN, 0}};
    poll(files, 2, terminal.pending_escape() ? 25 : -1);
    events = terminal.read_events(true);
  }
  return events;
}

}  // namespace

TEST_CASE("what is presented appears, and the terminal is as before at the end") {
  Child child([] {
    Terminal terminal;
    show(terminal, "hello 汉字");
    const std::vector<TerminalEvent> events = wait_for_events(terminal);
    return events[0].key.text == "q" ? 7 : 1;
  });
  child.expect("hello 汉字");
  child.type("q");
  const int status = child.status();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(child.wrote("\x1b[?1049h"));
  CHECK(child.wrote("\x1b[?2004h"));
  CHECK(child.ends_with_modes_off());
}

TEST_CASE("what was typed before the start arrives, with Enter as Enter") {
  Child child([] {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    poll(&input, 1, 10'000);  // a whole line, the terminal being in line mode
    Terminal terminal;
    std::string seen;
    for (const TerminalEvent& event : terminal.read_events()) {
      if (event.key.is(Key::enter)) seen += "<enter>";
      if (event.key.key == Key::character) seen += event.key.text;
    }
    show(terminal, seen);
    return seen == "hé<enter>" ? 7 : 1;
  });
  child.type("hé\n");
  CHECK(WEXITSTATUS(child.status()) == 7);
}

TEST_CASE("an unchanged picture writes nothing") {
  Child child([] {
    Terminal terminal;
    show(terminal, "once");
    for (int i = 0; i < 10; ++i) show(terminal, "once");
    show(terminal, "then");
    wait_for_events(terminal);
    return 0;
  });
  child.expect("then");
  child.type("q");
  CHECK(child.status() == 0);
}

TEST_CASE("a crash puts the terminal back and is still a crash") {
  for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS}) {
    Child child([number] {
      Terminal terminal;
      show(terminal, "about to fall");
      raise(number);
      return 0;
    });
    const int status = child.status();
    CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    CHECK(child.wrote("about to fall"));
    CHECK(child.ends_with_modes_off());
  }
}

TEST_CASE("signals from outside are events") {
  Child child([] {
    Terminal terminal;
    raise(SIGTERM);
    const TerminalEvent event = wait_for_events(terminal)[0];
    return event.kind == TerminalEvent::Kind::signal && event.signal_number == SIGTERM ? 5 : 1;
  });
  CHECK(WEXITSTATUS(child.status()) == 5);
  CHECK(child.ends_with_modes_off());
}

TEST_CASE("a new size is an event and is painted") {
  Child child([] {
    Terminal terminal;
    show(terminal, "old size");
    const TerminalEvent event = wait_for_events(terminal)[0];
    if (event.kind != TerminalEvent::Kind::resized || event.size != Size{40, 120}) return 1;
    show(terminal, "new size");
    return terminal.size() == Size{40, 120} ? 6 : 2;
  });
  child.expect("old size");
  child.resize(40, 120);
  CHECK(WEXITSTATUS(child.status()) == 6);
  CHECK(child.wrote("new size"));
}

TEST_CASE("Ctrl-C, a paste and a lone Esc arrive as keys") {
  Child child([] {
    Terminal terminal;
    show(terminal, "ready");
    std::vector<KeyEvent> keys;
    while (keys.size() < 3)
      for (const TerminalEvent& event : wait_for_events(terminal)) keys.push_back(event.key);
    return keys[0].is_control('c') && keys[1].text == "a\nb" && keys[2].is(Key::escape) ? 3 : 1;
  });
  child.expect("ready");
  child.type("\x03\x1b[200~a\nb\x1b[201~\x1b");
  CHECK(WEXITSTATUS(child.status()) == 3);
}

TEST_CASE("leaving for another program and coming back repaints") {
  Child child([] {
    Terminal terminal;
    show(terminal, "first");
    terminal.leave();
    [[maybe_unused]] const ssize_t n = write(STDOUT_FILENO, "other", 5);
    terminal.enter();
    show(terminal, "first");
    terminal.restore();
    terminal.restore();
    return 0;
  });
  CHECK(child.status() == 0);
  CHECK(child.wrote("other"));
  CHECK(child.ends_with_modes_off());
}

TEST_CASE("an unknown terminal type is taken for an xterm, and a closed terminal is noticed") {
  Child child([] {
    Terminal terminal({.type = "no-such-terminal"});
    show(terminal, "works");
    signal(SIGHUP, SIG_IGN);
    const TerminalEvent event = wait_for_events(terminal)[0];
    return event.key.is_control('d') ? 0 : 1;
  });
  child.expect("works");
  child.type("\x04");
  CHECK(child.status() == 0);
}

TEST_CASE("without UTF-8 only ASCII is written") {
  Child child(
      [] {
        Terminal terminal;
        show(terminal, "▶ a汉b");
        return 0;
      },
      "C");
  CHECK(child.status() == 0);
  CHECK(child.wrote("> a? b"));
}

TEST_CASE("without a terminal there is an error that names the remedy") {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    setsid();  // no controlling terminal
    for (const int file : {STDIN_FILENO, STDOUT_FILENO}) close(file);
    try {
      Terminal terminal;
      _exit(1);
    } catch (const Error& error) {
      _exit(std::string(error.what()).find("--plain") != std::string::npos ? 4 : 2);
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(WEXITSTATUS(status) == 4);
}
