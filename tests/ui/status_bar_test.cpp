#include "ui/status_bar.h"

#include <doctest/doctest.h>

#include "ui/text_layout.h"

using namespace glim::ui;

namespace {

std::int64_t gib(double n) {
  return static_cast<std::int64_t>(n * 0x1p30);
}

StatusData running() {
  StatusData d;
  d.state = RunState::generating;
  d.gen_rate = 18.2;
  d.prefill_rate = 131;
  d.ttft = 1.27;
  d.ctx_used = 12431;
  d.ctx_size = 65536;
  d.memory_used = gib(32.3);
  d.memory_budget = gib(94.1);
  d.kv_used = gib(0.33);
  d.kv_size = gib(1.76);
  d.kv_type = "q8_0";
  d.weights = gib(29.65);
  d.watts = 42;
  d.joules_per_token = 2.31;
  d.backend_wide = "Radeon 8060S (RADV)";
  d.backend_narrow = "vk0";
  d.profile = "glm-q8";
  return d;
}

std::string text(const Spans& spans) {
  std::string out;
  for (const Span& span : spans) out += span.text;
  return out;
}

std::string line(const StatusData& d, int width, bool with_memory = true) {
  return text(status_line(d, width, kAsciiGlyphs, with_memory));
}

Style style_of(const StatusData& d, std::string_view part) {
  for (const Span& span : status_line(d, 300, kAsciiGlyphs))
    if (span.text.find(part) != std::string::npos) return span.ink.style;
  return Style::text;
}

}  // namespace

TEST_CASE("the tokens of the draft count against the context before it is sent") {
  StatusData d = running();
  d.draft_tokens = 38;
  CHECK(line(d, 43) == "> 18.2t/s  pp 131 | ctx 12.4k+38/65.5k 19%");
  d.draft_tokens = 50000;
  CHECK(line(d, 60).find("ctx 12.4k+50.0k/65.5k 19% full soon") != std::string::npos);
  CHECK(style_of(d, "full soon") == Style::status_bad);
  d.draft_tokens = 60000;
  CHECK(line(d, 60).find("19% too long") != std::string::npos);
}

TEST_CASE("the second row falls back to the short name of the backend") {
  StatusData d = running();
  d.backend_wide = "a processor whose name fills most of a row";
  d.backend_narrow = "cpu";
  CHECK(text(memory_line(d, 120, kAsciiGlyphs)).ends_with("fills most of a row"));
  CHECK(text(memory_line(d, 80, kAsciiGlyphs)).ends_with("weights 29.6G  cpu"));
}

TEST_CASE("the status line at several widths: the least important fields go first") {
  const StatusData d = running();
  CHECK(line(d, 20) == "> 18.2t/s  pp 131");
  CHECK(line(d, 40) == "> 18.2t/s  pp 131 | ctx 12.4k/65.5k 19%");
  CHECK(line(d, 60) == "> gen 18.2 t/s  pp 131 t/s | ctx 12 431/65 536 19%");
  CHECK(line(d, 80, false) ==
        "> gen 18.2 t/s  pp 131 t/s  ttft 1.27s | ctx 12.4k/65.5k 19% | KV .33/1.76G q8_0");
  CHECK(line(d, 120) ==
        "> gen 18.2 t/s  pp 131  ttft 1.27s | ctx 12.4k/65.5k 19% | KV .33/1.76G q8_0 | VRAM 32.3/94.1G 34%  "
        "W 29.6G | 42W 2.3J/t");
}

TEST_CASE("the status line never exceeds the width unless only the state is left") {
  StatusData d = running();
  d.misc = "q1 seed 42";
  d.layers = 47;
  d.layers_on_device = 33;
  for (int width = 10; width < 260; ++width)
    CHECK(display_width(status_line(d, width, kUnicodeGlyphs)) <= width);
}

TEST_CASE("the second row shows memory as a meter") {
  CHECK(text(memory_line(running(), 80, kAsciiGlyphs)) ==
        "  VRAM 32.3/94.1G #######............. 34%  weights 29.6G  Radeon 8060S (RADV)");
}

TEST_CASE("what is not known takes no room") {
  CHECK(line({}, 80) == "#");
  StatusData d;
  d.state = RunState::generating;
  d.gen_pending = true;
  d.ctx_size = 4096;
  CHECK(line(d, 80) == "> gen . t/s | ctx 0/4 096 0%");
}

TEST_CASE("prefilling shows how far it is and how long it will take") {
  StatusData d;
  d.state = RunState::prefilling;
  d.prefill_rate = 131;
  d.prefill_done = 0.61;
  d.prefill_eta = 4.2;
  CHECK(line(d, 80) == "~ pp 61% 131 t/s ETA 4s");
  CHECK(line(d, 10) == "~ pp 61%");
}

TEST_CASE("a full context is said in words too") {
  StatusData d;
  d.ctx_size = 1000;
  d.ctx_used = 749;
  CHECK(style_of(d, "ctx") == Style::status);
  d.ctx_used = 750;
  CHECK(style_of(d, "ctx") == Style::status_warn);
  d.ctx_used = 900;
  CHECK(style_of(d, "ctx") == Style::status_bad);
  CHECK(line(d, 80) == "# ctx 900/1 000 90% full soon");
}

TEST_CASE("memory warns near its budget, and slow generation is marked") {
  StatusData d = running();
  CHECK(style_of(d, "VRAM") == Style::status);
  d.memory_used = gib(94.1 * 0.91);
  CHECK(style_of(d, "VRAM") == Style::status_warn);
  d.memory_used = gib(94.1 * 0.98);
  CHECK(style_of(d, "VRAM") == Style::status_bad);
  d.usual_rate = 30;
  CHECK(style_of(d, "gen") == Style::status_warn);
}

TEST_CASE("the CPU backend shows RAM, and a split over devices is always said") {
  StatusData d;
  d.memory_is_ram = true;
  d.memory_used = gib(3);
  d.memory_budget = gib(16);
  CHECK(line(d, 80) == "# RAM 3.00/16.0 GiB 19%");
  d.layers = 47;
  d.layers_on_device = 33;
  CHECK(line(d, 80) == "# RAM 3.00/16.0 GiB 19%  GPU 33/47 layers CPU 14 spilled");
  CHECK(line(d, 40) == "# RAM 3.00/16.0 GiB 19%  33/47L spilled");
}

TEST_CASE("a message takes the place of the fields") {
  StatusData d = running();
  d.message = "press Ctrl-C again to quit";
  CHECK(line(d, 80) == "press Ctrl-C again to quit");
  CHECK(line(d, 12) == "press Ctrl-.");
}

TEST_CASE("tiny terminals get state and speed above, percentages below") {
  CHECK(text(tiny_speed(running(), kUnicodeGlyphs)) == "▶ 18.2t/s");
  CHECK(text(tiny_status(running())) == "ctx 19%  VRAM 34%");
}
