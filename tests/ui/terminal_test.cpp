#include "ui/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <cstdlib>
#include <functional>
#include <string>

#include "engine/base/error.h"
#include "tests/support/pty_child.h"

using namespace glim;
using namespace glim::ui;

namespace {

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
  PtyChild child([] {
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
  PtyChild child([] {
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
  PtyChild child([] {
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
    PtyChild child([number] {
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
  PtyChild child([] {
    Terminal terminal;
    raise(SIGTERM);
    const TerminalEvent event = wait_for_events(terminal)[0];
    return event.kind == TerminalEvent::Kind::signal && event.signal_number == SIGTERM ? 5 : 1;
  });
  CHECK(WEXITSTATUS(child.status()) == 5);
  CHECK(child.ends_with_modes_off());
}

TEST_CASE("frames are marked from the moment that the terminal says it knows the marks") {
  PtyChild child([] {
    Terminal terminal;
    show(terminal, "first");
    const std::vector<TerminalEvent> events = wait_for_events(terminal);
    show(terminal, "second");
    return events.size() == 1 && events[0].key.text == "q" ? 7 : 1;
  });
  child.expect("\x1b[?2026$p");
  CHECK(!child.wrote("\x1b[?2026h"));
  child.type("\x1b[?2026;2$yq");
  CHECK(WEXITSTATUS(child.status()) == 7);
  CHECK(child.wrote("\x1b[?2026h"));
  CHECK(child.wrote("\x1b[?2026l"));
}

TEST_CASE("a terminal without a second screen is asked nothing and left empty") {
  PtyChild child(
      [] {
        Terminal terminal;
        show(terminal, "first");
        terminal.restore();
        [[maybe_unused]] const ssize_t n = write(STDOUT_FILENO, "after", 5);
        return 0;
      },
      "C.UTF-8", "vt100");
  CHECK(child.status() == 0);
  CHECK(!child.wrote("\x1b[?2026$p"));
  child.expect("first");
  CHECK(child.wrote_between("first", "\x1b[J", "after"));
}

TEST_CASE("a new size is an event and is painted") {
  PtyChild child([] {
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
  PtyChild child([] {
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
  PtyChild child([] {
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
  PtyChild child([] {
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
  PtyChild child(
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
