#include "app/eval/suite_report.h"

#include <doctest/doctest.h>

#include <sstream>

#include "app/eval/suite_screen.h"
#include "app/eval/test_run.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

GenerationStats took(std::int32_t tokens, double seconds) {
  GenerationStats stats;
  stats.prompt_tokens = 100;
  stats.prefill_seconds = 0.5;
  stats.generated_tokens = tokens;
  stats.decode_seconds = seconds;
  return stats;
}

TestResult test(const char* suite, const char* name, const char* title, Verdict verdict) {
  TestResult out;
  out.suite = suite;
  out.name = name;
  out.title = title;
  out.verdict = verdict;
  out.scored = true;
  return out;
}

TestResult scenario(const char* name, const char* title, double rate) {
  TestResult out = test("hermes", name, title, Verdict::pass);
  out.detail = "done";
  if (rate > 0) out.speed.add(took(101, 100 / rate));
  out.wall_seconds = 2;
  return out;
}

SuiteModel model(const char* label, std::vector<TestResult> tests) {
  SuiteModel out;
  out.name = out.label = label;
  out.result.tests = std::move(tests);
  return out;
}

/// Seed 001's agent loops.
std::vector<SuiteModel> two_models() {
  return {model("STRIX_LEAN",
                {scenario("single", "one tool call", 38.5), scenario("chained", "calc → use result", 35.8),
                 scenario("multi_step", "compare 2 cities", 50.8),
                 scenario("search", "web search + extract", 46.8),
                 scenario("error_recovery", "file not found", 48.9)}),
          model("Q3_0_ROCMFPX",
                {scenario("single", "one tool call", 23.1), scenario("chained", "calc → use result", 24.4),
                 scenario("multi_step", "compare 2 cities", 37.7),
                 scenario("search", "web search + extract", 32.5),
                 scenario("error_recovery", "file not found", 34.5)})};
}

/// Blanks that only line columns up are taken out.
std::string squeezed(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("agent loops side by side: seed 001's table") {
  const std::string table = squeezed(suite_tables(two_models()));
  CHECK(has(table, "| Scenario | STRIX_LEAN (t/s) | Q3_0_ROCMFPX (t/s) | Δ |\n"));
  CHECK(has(table, "| `single` (one tool call) | 38.5 | 23.1 | +67 % |\n"));
  CHECK(has(table, "| `chained` (calc → use result) | 35.8 | 24.4 | +47 % |\n"));
  CHECK(has(table, "| `error_recovery` (file not found) | 48.9 | 34.5 | +42 % |\n"));
  CHECK(has(table, "| **Mean** | **44.2** | **30.4** | **+45 %** |\n"));
  CHECK(has(table, "| `overall_status` | **PASS, 5/5** | **PASS, 5/5** |\n"));
}

TEST_CASE("a scenario that one model has no rate for is left out of the means") {
  auto models = two_models();
  models[1].result.tests[0] = scenario("single", "one tool call", 0);
  const std::string table = squeezed(suite_tables(models));
  CHECK(has(table, "| `single` (one tool call) | 38.5 | — | — |\n"));
  CHECK(has(table, "| **Mean** of the 4 that all have | **45.6** | **32.3** | **+41 %** |\n"));
}

TEST_CASE("results of one model: seed 001's tables") {
  auto throughput = test("mesh", "throughput", "3×256-token gen", Verdict::pass);
  throughput.throughput = ThroughputFigures{{62.2, 63.4}, 62.8, 0.6, {}};
  throughput.detail = "62.8 t/s mean, ±0.6 stdev";
  throughput.scored = false;
  auto gibberish = test("mesh", "gibberish", "", Verdict::pass);
  gibberish.detail = "OK";
  auto tool = test("mesh", "tool_calling", "single call", Verdict::pass);
  tool.detail = "get_weather(location=Tokyo|Ōsaka)";
  auto coding = test("mesh", "coding", "merge_sorted_lists", Verdict::fail);
  coding.failures = {"the tests failed: case 4", "and so on"};
  auto near = test("ctx", "4k", "", Verdict::pass), far = test("ctx", "64k", "", Verdict::skip);
  near.context = ContextFigures{4096, 3960, 668.9, 50, true};
  near.detail = "OK, coherent";
  far.context = ContextFigures{.target = 65536};
  far.detail = "needs ctx >= 65536 (profile has 4096)";
  std::vector<SuiteModel> models = {model("m", {gibberish, tool, coding, throughput, near, far})};
  models[0].result.prefill_fit = PrefillFit{0.001, 1e-7};
  const std::string table = squeezed(suite_tables(models));
  CHECK(has(table, "| Test | Result |\n"));
  CHECK(has(table, "| `gibberish` | OK |\n"));
  CHECK(has(table, "| `tool_calling` (single call) | PASS — get_weather(location=Tokyo\\|Ōsaka) |\n"));
  CHECK(has(table, "| `coding` (merge_sorted_lists) | FAIL — the tests failed: case 4 (and 1 more) |\n"));
  CHECK(has(table, "| `throughput` (3×256-token gen) | 62.8 t/s mean, ±0.6 stdev |\n"));
  CHECK(has(table, "| `overall_status` | **FAIL, 2/3** |\n"));
  CHECK(has(table, "| 4 K | 668.9 | 50.0 | OK, coherent |\n"));
  CHECK(has(table, "| 64 K | — | — | needs ctx >= 65536 (profile has 4096) |\n"));
  CHECK(has(table, "equal at position 10000"));
}

TEST_CASE("the JSON has every test with its transcript, and says when a run was cut short") {
  auto models = two_models();
  Exchange exchange;
  exchange.sent = {{.role = "user", .content = "hi \xff"}};
  exchange.reply.text = "yes";
  exchange.reply.tool_calls = {{"call_1", "get_weather", R"({"location": "Tokyo"})"}};
  exchange.reply.finish = FinishReason::tool_call;
  models[0].result.tests[0].exchanges = {exchange};
  models[1].result.tests[4].verdict = Verdict::interrupted;
  models[1].result.interrupted = 130;
  const auto json = suite_json(models);
  CHECK(json["interrupted"] == true);
  const auto& hermes = json["models"][0]["suites"]["hermes"];
  CHECK(hermes["overall_status"] == "PASS, 5/5");
  CHECK(json["models"][1]["suites"]["hermes"]["overall_status"] == "INTERRUPTED, 4/5");
  const auto& reply = hermes["tests"][0]["transcript"][0]["reply"];
  CHECK(reply["finish_reason"] == "tool_calls");
  CHECK(reply["tool_calls"][0]["arguments"]["location"] == "Tokyo");
  CHECK(hermes["tests"][0]["tokens_per_second"] == doctest::Approx(38.5));
  CHECK(json["models"][0]["interrupted"] == false);

  std::istringstream lines(suite_items(models));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto row = nlohmann::json::parse(line);
    CHECK(row["suite"] == "hermes");
    CHECK(!row.contains("transcript"));
  }
  CHECK(count == 10);
}

TEST_CASE("the list fits terminals of any size and keeps the test at work in sight") {
  std::vector<TestResult> tests = two_models()[0].result.tests;
  for (int i = 0; i < 20; ++i) tests.push_back(test("mesh", "gibberish", "", Verdict::waiting));
  tests[4].verdict = Verdict::running;
  tests[5].name = "after_it";
  tests[4].running_tokens = 12'345;
  for (const ui::Size size : {ui::Size{23, 80}, ui::Size{9, 40}, ui::Size{2, 10}, ui::Size{1, 1}}) {
    CAPTURE(size.rows);
    const auto rows = suite_rows("a model", tests, ui::kUnicodeGlyphs, size);
    CHECK(static_cast<int>(rows.size()) <= std::max(size.rows, 2));
    for (const std::string& row : rows) CHECK(ui::display_width(row) <= size.cols);
    if (size.rows < 9) continue;
    std::string all;
    for (const std::string& row : rows) all += row + "\n";
    CHECK(has(all, "▶"));
    CHECK(has(all, "12.4k tok"));
    CHECK(has(all, "after_it"));
  }
  const auto wide = suite_rows("a model", tests, ui::kAsciiGlyphs, {40, 100});
  CHECK(has(wide[0], "a model  4 of 25 tests"));
  CHECK(has(wide[1], "* hermes single"));
  CHECK(has(wide[1], "pass"));
  CHECK(has(wide[1], "38.5 t/s"));
  CHECK(has(wide[1], "done"));
}

TEST_CASE("a pipe gets a line for each test that has ended, a terminal a list that is painted over") {
  std::istringstream in;
  std::ostringstream out, err;
  SuiteResult result;
  result.tests = two_models()[0].result.tests;
  result.tests[1].verdict = Verdict::running;
  {
    Console console{in, out, err};
    SuiteScreen screen(console, "m", [] { return ui::Size{24, 80}; });
    screen.show(result, 0);
    screen.show(result, 1);
    screen.finish(result, true);
    CHECK(err.str() == "glim: m: hermes single PASS  101 tok  38.5 t/s  2.00s  done\n");
  }
  err.str("");
  Console console{in, out, err, false, false, true};
  SuiteScreen screen(console, "m", [] { return ui::Size{24, 80}; });
  screen.show(result, 0);
  screen.show(result, 0);
  CHECK(has(err.str(), "\x1b[6A"));
  err.str("");
  screen.finish(result, false);
  CHECK(err.str() == "\r\x1b[6A\x1b[J");
  CHECK(out.str().empty());
}

}  // namespace glim::app
