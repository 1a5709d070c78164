#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/eval/verdict.h"
#include "app/one_shot.h"
#include "app/profile.h"
#include "engine/engine.h"

namespace glim::app {

// Scenario suites: fixed conversations with a model, run through the chat pipeline (template, generation,
// reply parser) without sampling noise, each judged by a rule that needs no model. What each test asks and
// when it passes is in README.md of this folder.

/// One reply and the messages that were new to the model before it.
struct Exchange {
  std::vector<ChatMessage> sent;
  bool continues = false;        ///< the conversation of the exchange before goes on
  std::optional<bool> thinking;  ///< the switch; empty: as the template does by default
  Answer reply;
};

/// Tokens and times of all replies of a test.
struct SuiteSpeed {
  std::int64_t generated = 0;   ///< tokens
  std::int64_t prompt_new = 0;  ///< prompt tokens that were computed, not reused
  double decode_seconds = 0, prefill_seconds = 0;
  std::int32_t rounds = 0;  ///< replies

  void add(const GenerationStats& stats);
  double rate() const;          ///< tokens per second behind the first of each reply; 0: unknown
  double prefill_rate() const;  ///< 0: unknown

 private:
  std::int64_t timed_ = 0;  ///< tokens that decode_seconds is the time of
};

struct ThroughputFigures {
  std::vector<double> rates;  ///< of the repetitions, tokens per second
  double mean = 0, deviation = 0;
  std::optional<double> previous;  ///< mean of the last stored run of this model on this machine
};

struct ContextFigures {
  std::int32_t target = 0, prompt_tokens = 0;
  double prefill_rate = 0, decode_rate = 0;  ///< tokens per second; 0: unknown
  bool coherent = false;
};

/// How long a prompt token takes: base + slope * position.
struct PrefillFit {
  double base = 0, slope = 0;  ///< seconds, seconds per position
  /// Where the part that grows with the context is as large as the rest.
  double crossover() const { return base / slope; }
};

struct TestResult {
  std::string suite, name, title;
  bool scored = false;  ///< counts in "4/4"
  Verdict verdict = Verdict::waiting;
  std::string detail;                 ///< what is worth a word: "get_weather(location=Tokyo)"
  std::vector<std::string> failures;  ///< the rules that were broken
  std::vector<Exchange> exchanges;
  SuiteSpeed speed;                 ///< of the replies that have ended
  std::int64_t running_tokens = 0;  ///< of the reply that is being written
  double wall_seconds = 0;
  std::optional<ThroughputFigures> throughput;
  std::optional<ContextFigures> context;
};

struct SuiteResult {
  std::vector<TestResult> tests;          ///< those that were not reached are waiting
  std::optional<PrefillFit> prefill_fit;  ///< when context scaling gave enough to fit
  int interrupted = 0;                    ///< exit status of the signal that ended it, else 0
};

struct SuiteOptions {
  std::vector<std::string> suites = {"mesh"};                  ///< names of suite_names()
  std::vector<std::string> tests;                              ///< only those of these names; empty: all
  bool allow_exec = false;                                     ///< run code of the model in a sandbox
  std::vector<std::int32_t> targets = {4096, 32'768, 65'536};  ///< context lengths, tokens
  std::optional<double> previous_throughput;                   ///< to compare with
};

/// Told when a test begins, after each piece of a reply (at most 20 times a second) and when the test ends.
using SuiteWatcher = std::function<void(const SuiteResult& so_far, std::size_t test)>;

struct SuiteJob {
  Engine& engine;  ///< Ready
  const Profile& profile;
  EventWaiter& waiter;
  const SuiteOptions& options;
  SuiteWatcher watcher = {};
};

inline constexpr std::uint64_t kSuiteSeed = 42;  ///< of all replies; they are greedy as well

/// "mesh", "hermes", "ctx", "smoke", "all"
std::span<const std::string_view> suite_names();

/// The tests that a run would have, all waiting. Throws E501 for a suite or a test that does not exist.
std::vector<TestResult> planned_tests(const SuiteOptions& options);

/// Runs them one after another. A signal ends it with what there is; an error of the engine ends only the
/// test in which it occurred.
SuiteResult run_suites(const SuiteJob& job);

SuiteScore score_of(std::span<const TestResult> tests);

SmokeSummary smoke_summary(const SuiteResult& result);

}  // namespace glim::app
