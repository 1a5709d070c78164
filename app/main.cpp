#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/one_shot.h"
#include "app/paths.h"
#include "app/program.h"
#include "engine/base/error.h"

/// The only place where errors become text on standard error and an exit status.
int main(int argc, char** argv) {
  // Numbers are read and written in one way everywhere; the locale is for characters.
  std::setlocale(LC_ALL, "");
  std::setlocale(LC_NUMERIC, "C");
  std::signal(SIGPIPE, SIG_IGN);
  using namespace glim;
  app::Console console{std::cin, std::cout, std::cerr, isatty(0) == 1, isatty(1) == 1, isatty(2) == 1};
  try {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    app::RealEngines engines(app::paths_from_environment().data);
    return app::run_program(app::parse_arguments(words), engines, console);
  } catch (const Error& error) {
    std::fprintf(stderr, "glim: error GLIM-%s: %s\n", error_name(error.code()), error.what());
    if (!error.help().empty()) std::fprintf(stderr, "help: %s\n", error.help().c_str());
    return exit_status(error.code());
  } catch (const app::OutputClosed&) {
    return 128 + SIGPIPE;
  } catch (const app::LoadInterrupted& interrupted) {
    return interrupted.status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "glim: unexpected error: %s\n", error.what());
    return 1;
  }
}
