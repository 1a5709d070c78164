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
