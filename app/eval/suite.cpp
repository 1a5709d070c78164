#include "app/eval/suite.h"

#include <algorithm>
#include <array>

#include "app/eval/test_run.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 5> kSuites = {"mesh", "hermes", "ctx", "smoke", "all"};
constexpr std::chrono::milliseconds kBetweenPieces(50);

/// A test of the plan with what runs it; none for targets of the context suite.
struct Planned {
  TestResult result;
  void (*run)(TestRun& run);
};

void add_tests(std::vector<Planned>& plan, std::string_view suite, std::span<const SuiteTest> tests,
               bool smoke_only) {
  for (const SuiteTest& test : tests) {
    if (smoke_only && !test.smoke) continue;
    const auto same = [&](const Planned& other) {
      return other.result.suite == suite && other.result.name == test.name;
    };
    if (std::any_of(plan.begin(), plan.end(), same)) continue;
    TestResult result;
    result.suite = suite;
    result.name = test.name;
    result.title = test.title;
    result.scored = test.scored;
    plan.push_back({std::move(result), test.run});
  }
}

/// "4k", or the number when it is no multiple.
std::string target_name(std::int32_t target) {
  return target % 1024 == 0 ? strf("%dk", target / 1024) : std::to_string(target);
}

void add_targets(std::vector<Planned>& plan, const std::vector<std::int32_t>& targets) {
  for (const std::int32_t target : targets) {
    TestResult result;
    result.suite = "ctx";
    result.name = target_name(target);
    result.context = ContextFigures{.target = target};
    plan.push_back({std::move(result), nullptr});
  }
}

void check_suites(const std::vector<std::string>& suites) {
  for (const std::string& suite : suites) {
    if (std::find(kSuites.begin(), kSuites.end(), suite) != kSuites.end()) continue;
    std::string all;
    for (const std::string_view name : kSuites) all += (all.empty() ? "" : ", ") + std::string(name);
    throw Error(ErrorCode::E501, "--suite: there is no suite \"" + printable(suite) + "\"",
                "there are " + all);
  }
}

/// Leaves only the tests of these names.
void keep_tests(std::vector<Planned>& plan, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::vector<std::string> known;
  for (const Planned& planned : plan) known.push_back(planned.result.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string_view near = nearest(name, known);
    throw Error(ErrorCode::E501, "--test: there is no test \"" + printable(name) + "\" in these suites",
                near.empty() ? "run without --test to see all" : "did you mean " + std::string(near) + "?");
  }
  std::erase_if(plan, [&](const Planned& planned) {
    return std::find(names.begin(), names.end(), planned.result.name) == names.end();
  });
}

std::vector<Planned> make_plan(const SuiteOptions& options) {
  check_suites(options.suites);
  const auto wants = [&](std::string_view name) {
    const auto& suites = options.suites;
    return std::find(suites.begin(), suites.end(), name) != suites.end() ||
           (name != "smoke" && std::find(suites.begin(), suites.end(), "all") != suites.end());
  };
  std::vector<Planned> plan;
  if (wants("mesh")) add_tests(plan, "mesh", mesh_tests(), false);
  if (wants("smoke")) add_tests(plan, "mesh", mesh_tests(), true);
  if (wants("hermes")) add_tests(plan, "hermes", hermes_tests(), false);
  if (wants("smoke")) add_tests(plan, "hermes", hermes_tests(), true);
  if (wants("ctx")) add_targets(plan, options.targets);
  keep_tests(plan, options.tests);
  return plan;
}

/// The verdict of a test that has said all it has to say.
void conclude(TestResult& result) {
  if (is_final(result.verdict)) return;
  result.verdict = result.failures.empty() ? Verdict::pass : Verdict::fail;
}

class SuiteRun {
 public:
  explicit SuiteRun(const SuiteJob& job) : job_(job) {}
  SuiteResult run();

 private:
  void run_test(std::size_t index, const Planned& planned);
  void tell(std::size_t index) {
    if (job_.watcher) job_.watcher(out_, index);
  }

  const SuiteJob& job_;
  SuiteResult out_;
  std::vector<PrefillSample> samples_;
};

void SuiteRun::run_test(std::size_t index, const Planned& planned) {
  TestResult& result = out_.tests[index];
  result.verdict = Verdict::running;
  const Clock::time_point began = Clock::now();
  Clock::time_point told = began;
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  tell(index);
  TestRun run(job_, result, [&] {
    if (Clock::now() - told < kBetweenPieces) return;
    told = Clock::now();
    result.wall_seconds = seconds();
    tell(index);
  });
  try {
    if (planned.run != nullptr) {
      planned.run(run);
    } else {
      run_context_test(run, samples_);
    }
    conclude(result);
  } catch (const SuiteInterrupted& interrupted) {
    result.verdict = Verdict::interrupted;
    out_.interrupted = interrupted.status;
  } catch (const Error& error) {
    result.verdict = Verdict::error;
    result.failures.push_back(strf("GLIM-%s: ", error_name(error.code())) + error.what());
  }
  result.wall_seconds = seconds();
  tell(index);
}

SuiteResult SuiteRun::run() {
  const std::vector<Planned> plan = make_plan(job_.options);
  for (const Planned& planned : plan) out_.tests.push_back(planned.result);
  for (std::size_t i = 0; i < plan.size() && out_.interrupted == 0; ++i) run_test(i, plan[i]);
  out_.prefill_fit = fit_prefill(samples_);
  return std::move(out_);
}

struct VerdictName {
  Verdict verdict;
  const char* name;
};
constexpr std::array kVerdicts = {
    VerdictName{Verdict::waiting, "NOT RUN"}, VerdictName{Verdict::running, "RUNNING"},
    VerdictName{Verdict::pass, "PASS"},       VerdictName{Verdict::warn, "WARN"},
    VerdictName{Verdict::skip, "SKIP"},       VerdictName{Verdict::fail, "FAIL"},
    VerdictName{Verdict::error, "ERROR"},     VerdictName{Verdict::interrupted, "INTERRUPTED"},
};

struct SmokeItem {
  std::string_view test, label;
};
constexpr std::array kSmokeItems = {
    SmokeItem{"gibberish", "gibberish"},
    SmokeItem{"thinking_leak", "leak"},
    SmokeItem{"tool_calling", "tool"},
    SmokeItem{"coding", "code"},
};

}  // namespace

const char* verdict_name(Verdict verdict) {
  const auto row =
      std::find_if(kVerdicts.begin(), kVerdicts.end(), [&](auto& r) { return r.verdict == verdict; });
  GLIM_ASSERT(row != kVerdicts.end());
  return row->name;
}

std::optional<Verdict> verdict_named(std::string_view name) {
  for (const VerdictName& row : kVerdicts)
    if (row.name == name) return row.verdict;
  return {};
}

bool is_final(Verdict verdict) {
  return verdict != Verdict::waiting && verdict != Verdict::running;
}

bool is_bad(Verdict verdict) {
  return verdict == Verdict::fail || verdict == Verdict::error;
}

void SuiteSpeed::add(const GenerationStats& stats) {
  ++rounds;
  generated += stats.generated_tokens;
  prompt_new += stats.prompt_tokens - stats.reused_tokens;
  prefill_seconds += stats.prefill_seconds;
  if (stats.decode_seconds <= 0 || stats.generated_tokens < 2) return;
  timed_ += stats.generated_tokens - 1;
  decode_seconds += stats.decode_seconds;
}

double SuiteSpeed::rate() const {
  return decode_seconds > 0 ? static_cast<double>(timed_) / decode_seconds : 0;
}

double SuiteSpeed::prefill_rate() const {
  return prefill_seconds > 0 ? static_cast<double>(prompt_new) / prefill_seconds : 0;
}

std::span<const std::string_view> suite_names() {
  return kSuites;
}

std::vector<TestResult> planned_tests(const SuiteOptions& options) {
  std::vector<TestResult> out;
  for (Planned& planned : make_plan(options)) out.push_back(std::move(planned.result));
  return out;
}

SuiteResult run_suites(const SuiteJob& job) {
  return SuiteRun(job).run();
}

std::string SuiteScore::text() const {
  std::string out = strf("%s, %d/%d", verdict_name(verdict), passed, scored);
  if (skipped > 0) out += strf(" (%d skipped)", skipped);
  return out;
}

SuiteScore score_of(std::span<const TestResult> tests) {
  SuiteScore score;
  for (const TestResult& test : tests) {
    const bool skipped = test.verdict == Verdict::skip;
    if (skipped) ++score.skipped;
    if (test.scored && !skipped) {
      ++score.scored;
      if (test.verdict == Verdict::pass || test.verdict == Verdict::warn) ++score.passed;
    }
    if (is_bad(test.verdict)) score.verdict = Verdict::fail;
  }
  const bool cut = std::any_of(tests.begin(), tests.end(), [](const TestResult& test) {
    return !is_final(test.verdict) || test.verdict == Verdict::interrupted;
  });
  if (cut) score.verdict = Verdict::interrupted;
  return score;
}

SmokeSummary smoke_summary(const SuiteResult& result) {
  SmokeSummary out;
  std::vector<TestResult> found;
  for (const SmokeItem& item : kSmokeItems) {
    for (const TestResult& test : result.tests) {
      if (test.suite != "mesh" || test.name != item.test) continue;
      out.items.push_back({item.label, test.verdict});
      found.push_back(test);
    }
  }
  out.score = score_of(found);
  return out;
}

}  // namespace glim::app
