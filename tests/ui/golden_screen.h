#pragma once

#include <doctest/doctest.h>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/base/text.h"
#include "ui/canvas.h"

namespace glim::ui {

/// Compares with tests/ui/screens/NAME.txt; with GLIM_UPDATE_SCREENS in the environment writes that file
/// instead.
inline void check_screen(const std::string& name, const std::string& screen) {
  const std::string path = std::string(GLIM_SOURCE_DIR "/tests/ui/screens/") + name + ".txt";
  if (std::getenv("GLIM_UPDATE_SCREENS") != nullptr) std::ofstream(path) << screen;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  CAPTURE(name);
  CHECK(screen == expected.str());
}

inline std::string named(const char* what, Size size) {
  return strf("%s_%dx%d", what, size.cols, size.rows);
}

inline std::int64_t gib(double n) {
  return static_cast<std::int64_t>(n * 0x1p30);
}

}  // namespace glim::ui
