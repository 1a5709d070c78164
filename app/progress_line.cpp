#include "app/progress_line.h"

#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

constexpr int kColumns = 79;
constexpr std::chrono::milliseconds kOnTerminal(100), kElsewhere(30'000);

}  // namespace

ProgressLine::ProgressLine(Console& console, std::string verb)
    : console_(console), verb_(std::move(verb)), began_(Clock::now()), printed_(began_) {}

ProgressLine::~ProgressLine() {
  if (painted_) console_.err << "\r\x1b[K" << std::flush;
}

double ProgressLine::seconds() const {
  return std::chrono::duration<double>(Clock::now() - began_).count();
}

bool ProgressLine::due(bool last) {
  const auto now = Clock::now();
  if (last) return console_.err_is_terminal;
  if (now - printed_ < (console_.err_is_terminal ? kOnTerminal : kElsewhere)) return false;
  printed_ = now;
  return true;
}

void ProgressLine::print(const std::string& line) {
  if (!console_.err_is_terminal) return say(console_, line);
  console_.err << "\r\x1b[K" << ui::fit(line, kColumns, "...") << std::flush;
  painted_ = true;
}

void ProgressLine::show(std::string_view figures, bool last) {
  if (due(last)) print(verb_ + " " + std::string(figures));
}

void ProgressLine::update(std::uint64_t done, std::uint64_t total, std::string_view what) {
  if (!due(done >= total)) return;
  const double fraction = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  std::string line = strf("%s %s  %.2f of %.2f GB", verb_.c_str(), ui::percent(fraction).c_str(),
                          static_cast<double>(done) / 1e9, static_cast<double>(total) / 1e9);
  if (fraction > 0.01 && fraction < 1)
    line += "  " + ui::duration(seconds() / fraction * (1 - fraction)) + " left";
  print(line + "  " + std::string(what));
}

}  // namespace glim::app
