#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/eval/suite.h"

namespace glim::app {

/// Thrown through a test when a signal came.
struct SuiteInterrupted {
  int status;
};

/// A test at work: it talks to the model through this, and notes here which of its rules were broken.
class TestRun {
 public:
  TestRun(const SuiteJob& job, TestResult& result, std::function<void()> changed)
      : job_(job), result_(result), changed_(std::move(changed)) {}

  Engine& engine() const { return job_.engine; }
  const SuiteOptions& options() const { return job_.options; }
  TestResult& result() { return result_; }

  void expect(bool good, std::string otherwise);

 private:
  friend class Dialogue;
  const SuiteJob& job_;
  TestResult& result_;
  std::function<void()> changed_;
};

/// What a reply may be; greedy and with a fixed seed always.
struct ReplyLimits {
  std::int32_t max_tokens = 1024;
  std::int32_t think_budget = 512;  ///< then the thoughts are closed by force
  bool ignore_eos = false;
};

/// One conversation in a sequence of its own, so that what is held of it is reused.
class Dialogue {
 public:
  explicit Dialogue(TestRun& run);
  ~Dialogue();
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  void set_tools(std::string json) { request_.tools = std::move(json); }
  void set_thinking(bool on) { request_.thinking = on; }
  void say(ChatMessage message);

  /// The model's reply, added to the conversation. Throws SuiteInterrupted, Error (E401: too long, E402).
  Answer reply(const ReplyLimits& limits = {});

  /// Forgets the last reply, so that the same can be asked again.
  void take_back();

  /// Tokens of the prompt that a reply would be given now.
  std::int32_t prompt_length() const;

  // Of the last reply:
  const std::vector<TokenId>& tokens() const { return tokens_; }
  double mean_logprob() const;  ///< 0 when there are no tokens
  /// When each part of the prompt had been computed: tokens done, seconds since it was sent.
  struct Progress {
    std::int32_t done;
    double seconds;
  };
  const std::vector<Progress>& progress() const { return progress_; }

 private:
  ReplyWatcher watcher();

  TestRun& run_;
  SequenceId sequence_;
  ChatRequest request_;
  std::size_t sent_ = 0;  ///< messages that the model has seen or said
  bool begun_ = false;
  int calls_ = 0;
  std::chrono::steady_clock::time_point asked_;
  std::vector<TokenId> tokens_;
  double logprobs_ = 0;
  std::vector<Progress> progress_;
};

/// "stop", "length" or "tool_calls", as OpenAI's API would say.
std::string_view finish_word(const Answer& reply);

/// A test of a suite.
struct SuiteTest {
  std::string_view name;
  std::string_view title;  ///< behind the name in tables, may be empty
  bool scored;
  bool smoke;  ///< part of the smoke suite
  void (*run)(TestRun& run);
};
std::span<const SuiteTest> mesh_tests();
std::span<const SuiteTest> hermes_tests();

/// One target of the context suite, with the samples that the fit is made of.
struct PrefillSample {
  double position;  ///< in the middle of the tokens
  double seconds;   ///< for one token
  double weight;    ///< tokens
};
void run_context_test(TestRun& run, std::vector<PrefillSample>& samples);

/// Weighted least squares. Empty when there are fewer than two positions, or when nothing grows.
std::optional<PrefillFit> fit_prefill(std::span<const PrefillSample> samples);

}  // namespace glim::app
