#include <doctest/doctest.h>

#include "tests/support/pty_child.h"
#include "ui/line_editor.h"

using glim::PtyChild;
using glim::ui::read_line;

TEST_CASE("in plain mode Ctrl-C empties a line that is not empty") {
  PtyChild child([] { return read_line("ask: ") == "kept" ? 7 : 1; });
  child.expect("ask: ");
  child.type("drop");
  child.expect("drop");
  child.type("\x03");
  child.expect("^C");
  child.type("kept\r");
  CHECK(WEXITSTATUS(child.status()) == 7);
}

TEST_CASE("in plain mode Ctrl-C on an empty line is the signal") {
  PtyChild child([] { return read_line("ask: ") ? 1 : 2; });
  child.expect("ask: ");
  child.type("\x03");
  const int status = child.status();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("in plain mode a signal from outside ends the program at once, with the terminal as it was") {
  for (const int number : {SIGTERM, SIGHUP}) {
    PtyChild child([] { return read_line("ask: ") ? 1 : 2; });
    child.expect("ask: ");
    child.signal(number);
    const int status = child.status();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == number);
    CHECK(child.wrote("\x1b[?2004l"));
  }
}

TEST_CASE("in plain mode the draft is shown again after a stop") {
  // Nobody could continue this child, so the system does not stop it; everything around the stop happens.
  PtyChild child([] { return read_line("ask: ") == "draft, more" ? 7 : 1; });
  child.expect("ask: ");
  child.type("draft");
  child.expect("draft");
  child.signal(SIGTSTP);
  child.expect("\x1b[?2004l");
  child.expect("draft");
  child.type(", more\r");
  CHECK(WEXITSTATUS(child.status()) == 7);
}
