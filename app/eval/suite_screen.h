#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "app/eval/suite.h"
#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::app {

/// The list of tests as rows that fit `size`, the test at work always among them.
std::vector<std::string> suite_rows(std::string_view model, const std::vector<TestResult>& tests,
                                    const ui::GlyphSet& glyphs, ui::Size size);

/// How far the suites have come, on standard error: a list that is painted over on a terminal and stays when
/// it is finished, a line for each test that has ended elsewhere.
class SuiteScreen {
 public:
  /// `size`: of the terminal, asked before every painting.
  SuiteScreen(Console& console, std::string model, std::function<ui::Size()> size);

  void show(const SuiteResult& so_far, std::size_t test);
  /// The last picture. With `keep` it stays, else it goes to make room for what standard output shows.
  void finish(const SuiteResult& result, bool keep);

 private:
  using Clock = std::chrono::steady_clock;
  void paint(const std::vector<std::string>& rows);
  void erase();

  Console& console_;
  std::string model_;
  std::function<ui::Size()> size_;
  std::size_t painted_ = 0;  ///< rows above the cursor
  Clock::time_point painted_at_;
};

/// Rows and columns of the terminal behind standard error; 24 x 80 when it has none.
ui::Size error_terminal_size();

}  // namespace glim::app
