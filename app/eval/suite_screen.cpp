#include "app/eval/suite_screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/eval/text_checks.h"
#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

constexpr std::chrono::milliseconds kBetweenPaints(100);
constexpr int kWide = 64;  ///< columns from which suite, verdict and detail are shown too

std::string_view mark_of(Verdict verdict, const ui::GlyphSet& glyphs) {
  switch (verdict) {
    case Verdict::waiting:
      return glyphs.hollow_dot;
    case Verdict::running:
      return glyphs.generating;
    case Verdict::pass:
      return glyphs.check;
    case Verdict::warn:
      return "!";
    case Verdict::skip:
      return glyphs.unknown;
    case Verdict::fail:
    case Verdict::error:
      return glyphs.failed;
    case Verdict::interrupted:
      return glyphs.stopped;
  }
  return " ";
}

std::string word_of(Verdict verdict) {
  return verdict == Verdict::waiting ? "" : folded(verdict_name(verdict));
}

std::string tokens_text(const TestResult& test) {
  const std::int64_t tokens = test.speed.generated + test.running_tokens;
  return tokens == 0 ? "" : ui::tokens_short(tokens) + " tok";
}

std::string rate_text(const TestResult& test) {
  const double rate = test.speed.rate();
  return rate > 0 ? ui::rate(rate) + " t/s" : "";
}

std::string right(const std::string& text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - ui::display_width(text))), ' ') + text;
}

std::string detail_of(const TestResult& test) {
  return is_bad(test.verdict) && !test.failures.empty() ? test.failures.front() : test.detail;
}

std::string row_of(const TestResult& test, const ui::GlyphSet& glyphs, int width) {
  const bool wide = width >= kWide;
  std::string row = std::string(mark_of(test.verdict, glyphs)) + " ";
  if (wide) row += ui::pad(test.suite, 7);
  row += ui::pad(test.name, wide ? 15 : 14);
  if (wide) row += ui::pad(word_of(test.verdict), 9);
  row += right(tokens_text(test), 9) + right(rate_text(test), wide ? 11 : 9);
  row +=
      right(is_final(test.verdict) || test.verdict == Verdict::running ? ui::duration(test.wall_seconds) : "",
            wide ? 8 : 6);
  if (wide && !detail_of(test).empty()) row += "  " + printable(detail_of(test));
  return ui::fit(row, width, glyphs.ellipsis);
}

std::string title_of(std::string_view model, const std::vector<TestResult>& tests) {
  const auto done = std::count_if(tests.begin(), tests.end(),
                                  [](const TestResult& test) { return is_final(test.verdict); });
  return strf("%s  %zu of %zu tests", printable(model).c_str(), static_cast<std::size_t>(done), tests.size());
}

bool can_paint(const Console& console) {
  const char* type = std::getenv("TERM");
  return console.err_is_terminal && (type == nullptr || std::string_view(type) != "dumb");
}

}  // namespace

std::vector<std::string> suite_rows(std::string_view model, const std::vector<TestResult>& tests,
                                    const ui::GlyphSet& glyphs, ui::Size size) {
  std::vector<std::string> out = {ui::fit(title_of(model, tests), size.cols, glyphs.ellipsis)};
  const auto running = std::find_if(tests.begin(), tests.end(),
                                    [](const TestResult& test) { return !is_final(test.verdict); });
  const auto count = static_cast<std::ptrdiff_t>(tests.size());
  const std::ptrdiff_t room =
      std::clamp<std::ptrdiff_t>(size.rows - 1, 1, std::max<std::ptrdiff_t>(count, 1));
  // The test at work stands in the last row but one, so that the next one can be seen coming.
  const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(running - tests.begin() - room + 2, 0,
                                                          std::max<std::ptrdiff_t>(count - room, 0));
  for (std::ptrdiff_t i = first; i < std::min(count, first + room); ++i)
    out.push_back(row_of(tests[static_cast<std::size_t>(i)], glyphs, size.cols));
  return out;
}

SuiteScreen::SuiteScreen(Console& console, std::string model, std::function<ui::Size()> size)
    : console_(console), model_(std::move(model)), size_(std::move(size)) {}

void SuiteScreen::show(const SuiteResult& so_far, std::size_t test) {
  const TestResult& now = so_far.tests[test];
  if (!can_paint(console_)) {
    if (!is_final(now.verdict)) return;
    std::string line = model_ + ": " + now.suite + " " + now.name + " " + verdict_name(now.verdict);
    for (const std::string& part : {tokens_text(now), rate_text(now), ui::duration(now.wall_seconds)})
      if (!part.empty()) line += "  " + part;
    if (!detail_of(now).empty()) line += "  " + printable(detail_of(now));
    return say(console_, line);
  }
  if (now.verdict == Verdict::running && Clock::now() - painted_at_ < kBetweenPaints) return;
  ui::Size size = size_();
  --size.rows;  // the cursor's
  paint(suite_rows(model_, so_far.tests, ui::glyphs_for_locale(), size));
  painted_at_ = Clock::now();
}

void SuiteScreen::finish(const SuiteResult& result, bool keep) {
  if (!can_paint(console_)) return;
  if (!keep) return erase();
  const auto all = static_cast<int>(result.tests.size()) + 1;
  paint(suite_rows(model_, result.tests, ui::glyphs_for_locale(), {all, size_().cols}));
  painted_ = 0;
}

void SuiteScreen::erase() {
  if (painted_ > 0) console_.err << strf("\r\x1b[%zuA\x1b[J", painted_) << std::flush;
  painted_ = 0;
}

void SuiteScreen::paint(const std::vector<std::string>& rows) {
  // Rows must not wrap where the terminal has become narrower since it was asked.
  std::string out = "\x1b[?7l";
  if (painted_ > 0) out += strf("\r\x1b[%zuA", painted_);
  for (const std::string& row : rows) out += "\x1b[2K" + row + "\r\n";
  out += "\x1b[J\x1b[?7h";
  console_.err << out << std::flush;
  painted_ = rows.size();
}

ui::Size error_terminal_size() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {24, 80};
  return {size.ws_row, size.ws_col};
}

}  // namespace glim::app
