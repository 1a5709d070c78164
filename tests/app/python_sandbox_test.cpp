#include "app/eval/python_sandbox.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/base/text.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

using Kind = PythonOutcome::Kind;

/// A server on this machine that a program outside the sandbox can reach.
struct Listener {
  Listener() : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 8) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd); }
  int fd, port = 0;
};

/// Runs a test body for bubblewrap and for namespaces, as far as they can be had here.
template <typename Body>
void in_each_sandbox(Body body) {
  for (const bool wrapper : {true, false}) {
    const PythonOutcome probe = run_python({.program = "print(1)", .input = {}, .wrapper = wrapper});
    if (probe.kind == Kind::unavailable) {
      MESSAGE("no sandbox here: " << probe.output);
      continue;
    }
    CAPTURE(wrapper);
    body([&](const std::string& program, const std::string& input, double seconds) {
      return run_python({.program = program, .input = input, .seconds = seconds, .wrapper = wrapper});
    });
  }
}

bool has_python() {
  if (run_python({.program = "", .input = {}, .isolation = Isolation::limits}).kind != Kind::unavailable)
    return true;
  MESSAGE("python3 is missing");
  return false;
}

std::string attempt(const std::string& what) {
  return "try:\n  " + what + "\n  print('done')\nexcept BaseException as e:\n  print(type(e).__name__)\n";
}

}  // namespace

TEST_CASE("a program gets its input, its output and status come back") {
  in_each_sandbox([](auto run) {
    const PythonOutcome outcome = run("import sys; print(sys.stdin.read() * 2); sys.exit(3)", "ab", 20);
    CHECK(outcome.kind == Kind::finished);
    CHECK(outcome.status == 3);
    CHECK(outcome.output == "abab\n");
    const std::string large(300'000, 'x');
    CHECK(run("import sys; print(len(sys.stdin.read()))", large, 20).output == "300000\n");
    CHECK(run("print('y' * 1000000)", "", 20).output.size() == 64 << 10);
    CHECK(run("import os; os.close(0); print('closed')", large, 20).output == "closed\n");
  });
}

TEST_CASE("inside there is no network") {
  if (!has_python()) return;
  const Listener listener;
  const std::string connect =
      attempt(strf("import socket; socket.create_connection(('127.0.0.1', %d), 2)", listener.port));
  CHECK(run_python({.program = connect, .input = {}, .isolation = Isolation::limits}).output == "done\n");
  in_each_sandbox([&](auto run) {
    const std::string output = run(connect, "", 20).output;
    CHECK((output == "OSError\n" || output == "ConnectionRefusedError\n"));
  });
}

TEST_CASE("inside there are no files of the user, and nothing but /tmp can be written") {
  if (!has_python()) return;
  TempDir dir;
  std::ofstream(dir / "secret") << "x";
  const std::string read = attempt("open('" + (dir / "secret").string() + "').read()");
  CHECK(run_python({.program = read, .input = {}, .isolation = Isolation::limits}).output == "done\n");
  in_each_sandbox([&](auto run) {
    CHECK(run(read, "", 20).output == "FileNotFoundError\n");
    CHECK(run(attempt("open('/etc/passwd').read()"), "", 20).output == "FileNotFoundError\n");
    CHECK(run(attempt("import os; os.listdir('/proc/1')"), "", 20).output == "FileNotFoundError\n");
    for (const char* path : {"/usr/glim-test", "/glim-test"}) {
      CAPTURE(path);
      CHECK(run(attempt("open('" + std::string(path) + "', 'w')"), "", 20).output == "OSError\n");
    }
    CHECK(run("open('/tmp/glim-test', 'w').write('x'); print(open('glim-test').read())", "", 20).output ==
          "x\n");
    CHECK(!std::filesystem::exists("/tmp/glim-test"));
    CHECK(run("import os; print(os.environ.get('HOME'), os.getuid() == 0)", "", 20).output == "None False\n");
  });
}

TEST_CASE("inside nothing can be mounted again as writable") {
  in_each_sandbox([](auto run) {
    const std::string remount =
        "import ctypes; libc = ctypes.CDLL(None); print(libc.mount(b'', b'/usr', b'', 32 | 4096, None))";
    CHECK(run(remount, "", 20).output == "-1\n");
  });
}

TEST_CASE("memory, time and processes are limited") {
  in_each_sandbox([](auto run) {
    CHECK(run(attempt("bytearray(1 << 30)"), "", 20).output == "MemoryError\n");
    CHECK(run("while True: pass", "", 0.5).kind == Kind::timed_out);
    CHECK(run("import os, time\nfor fd in 0, 1, 2: os.close(fd)\ntime.sleep(60)", "", 0.5).kind ==
          Kind::timed_out);
    if (::getuid() == 0) return;  // limits on the number of processes do not bind root
    CHECK(run("import os, time\ntry:\n  for i in range(200):\n    if os.fork() == 0: time.sleep(2)\n"
              "except BlockingIOError: print('enough')",
              "", 20)
              .output.find("enough") != std::string::npos);
  });
}

TEST_CASE("a program that is killed says by what") {
  in_each_sandbox([](auto run) {
    const PythonOutcome outcome = run("import ctypes; ctypes.string_at(0)", "", 20);
    CHECK(outcome.kind == Kind::killed);
    CHECK(outcome.status == SIGSEGV);
  });
}

}  // namespace glim::app
