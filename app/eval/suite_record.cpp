#include "app/eval/suite_record.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/text.h"

namespace glim::app {
namespace {

using Better = Figure::Better;

constexpr std::string_view kThroughput = "mesh throughput";
/// Settings that a rate depends on.
constexpr std::array<const char*, 3> kDecisive = {"backend", "kv_type", "ubatch"};

bool is_complete(const TestResult& test) {
  return is_final(test.verdict) && test.verdict != Verdict::interrupted;
}

void add_rates(std::vector<Figure>& out, const TestResult& test) {
  const std::string name = test.suite + " " + test.name;
  if (test.throughput) {
    out.push_back(
        {std::string(kThroughput), test.throughput->mean, "t/s", test.throughput->deviation, Better::higher});
  } else if (test.context) {
    const ContextFigures& context = *test.context;
    if (context.prefill_rate > 0)
      out.push_back({name + " pp", context.prefill_rate, "t/s", 0, Better::higher});
    if (context.decode_rate > 0) out.push_back({name + " tg", context.decode_rate, "t/s", 0, Better::higher});
  } else if (test.suite == "hermes" && test.speed.rate() > 0) {
    out.push_back({name, test.speed.rate(), "t/s", 0, Better::higher});
  }
}

/// Share of the scored tests that passed, of suites of which every test has come to an end.
void add_scores(std::vector<Figure>& out, const SuiteResult& result) {
  for (const std::string_view suite : suite_names()) {
    std::vector<TestResult> tests;
    for (const TestResult& test : result.tests)
      if (test.suite == suite) tests.push_back(test);
    const SuiteScore score = score_of(tests);
    if (score.scored == 0 || score.verdict == Verdict::interrupted) continue;
    out.push_back({std::string(suite) + strf(" passed of %d", score.scored),
                   static_cast<double>(score.passed), "", 0, Better::higher});
  }
}

}  // namespace

bool add_suite_results(Measurement& measurement, const SuiteModel& model) {
  SuiteModel kept = model;
  std::erase_if(kept.result.tests, [](const TestResult& test) { return !is_complete(test); });
  if (kept.result.tests.empty()) return false;
  for (TestResult& test : kept.result.tests) test.exchanges.clear();
  add_scores(measurement.figures, model.result);
  for (const TestResult& test : kept.result.tests) add_rates(measurement.figures, test);
  measurement.result = suite_json({&kept, 1})["models"][0];
  return true;
}

void set_suite_settings(Measurement& measurement, const SuiteArguments& arguments, const SuiteModel& model) {
  measurement.threads = arguments.threads;
  measurement.settings = {{"suites", arguments.suites}, {"backend", model.backend},
                          {"kv_type", model.kv_type},   {"ubatch", arguments.batch},
                          {"ctx", model.ctx},           {"allow_exec", arguments.allow_exec}};
  if (!arguments.tests.empty()) measurement.settings["tests"] = arguments.tests;
}

std::optional<double> previous_throughput(const ResultStore& store, const Measurement& here) {
  if (here.file_hash.empty()) return {};
  const auto comparable = [&](const Measurement& other) {
    return other.device == here.device && other.threads == here.threads &&
           std::all_of(kDecisive.begin(), kDecisive.end(), [&](const char* name) {
             return other.settings.contains(name) && other.settings[name] == here.settings[name];
           });
  };
  for (const Measurement& other : store.query({.kind = "suite", .file_hash = here.file_hash})) {
    if (!comparable(other)) continue;
    for (const Figure& figure : other.figures)
      if (figure.name == kThroughput) return figure.value;
  }
  return {};
}

std::optional<SmokeSummary> stored_smoke(const ResultStore& store, const std::string& file_hash,
                                         const std::string& kv_type) {
  if (file_hash.empty()) return {};
  SuiteResult newest;
  for (const Measurement& one : store.query({.kind = "suite", .file_hash = file_hash})) {
    if (one.settings.value("kv_type", "") != kv_type) continue;
    for (TestResult& test : tests_of(one.result)) {
      const auto known = std::any_of(newest.tests.begin(), newest.tests.end(), [&](const TestResult& other) {
        return other.suite == test.suite && other.name == test.name;
      });
      if (!known) newest.tests.push_back(std::move(test));
    }
  }
  SmokeSummary summary = smoke_summary(newest);
  return summary.items.empty() ? std::nullopt : std::optional(std::move(summary));
}

}  // namespace glim::app
