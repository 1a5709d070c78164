#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "app/eval/agent_loop.h"
#include "app/eval/text_checks.h"
#include "engine/base/text.h"
#include "engine/text/json_text.h"

namespace glim::app {
namespace {

/// A text argument of a call; empty when there is none.
std::string argument(const AgentCall& call, const char* name) {
  const auto arguments = read_json(call.call.arguments);
  if (!arguments || !arguments->is_object()) return {};
  const auto found = arguments->find(name);
  return found != arguments->end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Whether a call of the tool succeeded whose argument has the word.
bool called_with(const AgentRun& agent, std::string_view tool, const char* name, std::string_view word) {
  const auto calls = agent.calls_of(tool);
  return std::any_of(calls.begin(), calls.end(), [&](const AgentCall* call) {
    return call->outcome.ok && has_word(argument(*call, name), word);
  });
}

bool contains_any(std::string_view text, std::span<const std::string_view> phrases) {
  const std::string words = folded(text);
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return words.find(phrase) != words.npos; });
}

void note_calls(TestRun& run, const AgentRun& agent) {
  std::string& detail = run.result().detail;
  for (const AgentCall& call : agent.calls) detail += (detail.empty() ? "" : ", ") + call_text(call.call);
}

void expect_number(TestRun& run, const AgentRun& agent, int value, std::string_view what) {
  if (!agent.ended) return;
  run.expect(has_number(agent.answer, value),
             strf("the answer does not give %.*s, %d", static_cast<int>(what.size()), what.data(), value));
}

void single(TestRun& run) {
  constexpr std::array<std::string_view, 1> kTools = {"get_weather"};
  const AgentRun agent =
      run_agent(run, {"What is the weather in Tokyo right now? Give the temperature.", kTools});
  note_calls(run, agent);
  run.expect(agent.calls.size() == 1, strf("%zu calls instead of one", agent.calls.size()));
  run.expect(called_with(agent, "get_weather", "location", "Tokyo"), "get_weather was not called for Tokyo");
  expect_number(run, agent, mock::kTokyoCelsius, "the temperature");
}

void chained(TestRun& run) {
  constexpr std::array<std::string_view, 1> kTools = {"calculator"};
  constexpr int kProduct = 15 * 37, kAdded = 128;
  const AgentRun agent =
      run_agent(run, {"Use the calculator to multiply 15 by 37. Then use the calculator again "
                      "to add 128 to that result. What is the final number?",
                      kTools});
  note_calls(run, agent);
  std::int32_t first = 0;
  bool second = false;
  for (const AgentCall* call : agent.calls_of("calculator")) {
    const auto outcome = read_json(call->outcome.content);
    const bool product = outcome && outcome->contains("result") && (*outcome)["result"] == kProduct;
    if (first == 0 && product) first = call->round;
    second = second || (first != 0 && call->round > first && call->outcome.ok &&
                        has_number(argument(*call, "expression"), kProduct));
  }
  run.expect(first != 0, "15 x 37 was not calculated");
  run.expect(second, "the result 555 was not used in a second step");
  expect_number(run, agent, kProduct + kAdded, "the derived value");
}

void multi_step(TestRun& run) {
  constexpr std::array<std::string_view, 1> kTools = {"get_weather"};
  constexpr std::array<std::string_view, 10> kComparing = {
      "warmer", "hotter", "higher", "cooler", "colder", "lower", "difference", "than", "warmest", "compared"};
  constexpr std::array<std::string_view, 4> kWrong = {"london is warmer", "london is hotter",
                                                      "tokyo is cooler", "tokyo is colder"};
  const AgentRun agent = run_agent(
      run, {"Compare the weather in Tokyo and London. Which city is warmer, and what are the temperatures?",
            kTools});
  note_calls(run, agent);
  for (const std::string_view city : {"Tokyo", "London"})
    run.expect(called_with(agent, "get_weather", "location", city),
               "get_weather was not called for " + std::string(city));
  expect_number(run, agent, mock::kTokyoCelsius, "the temperature in Tokyo");
  expect_number(run, agent, mock::kLondonCelsius, "the temperature in London");
  if (!agent.ended) return;
  run.expect(has_any_word(agent.answer, kComparing), "the answer does not compare");
  run.expect(!contains_any(agent.answer, kWrong), "the answer takes the colder city for the warmer one");
}

void search(TestRun& run) {
  constexpr std::array<std::string_view, 1> kTools = {"web_search"};
  const AgentRun agent = run_agent(
      run, {"Search the web for the current height of the Eiffel Tower and tell me how tall it is.", kTools});
  note_calls(run, agent);
  run.expect(called_with(agent, "web_search", "query", "Eiffel"),
             "web_search was not asked for the Eiffel Tower");
  expect_number(run, agent, mock::kTowerMetres, "the height that the page gives");
}

bool says_missing(std::string_view text) {
  constexpr std::array<std::string_view, 16> kPhrases = {
      "not found",      "no such file",  "does not exist", "doesn't exist",
      "could not find", "couldn't find", "cannot find",    "can't find",
      "not exist",      "missing",       "was unable to",  "unable to find",
      "could not read", "couldn't read", "unable to read", "isn't there"};
  return contains_any(text, kPhrases);
}

/// Whether the text says what stands in the file.
bool claims_content(std::string_view text) {
  constexpr std::array<std::string_view, 7> kPhrases = {
      "item is",   "item in the file is", "item on the list is", "task is",
      "file says", "file contains",       "list starts with"};
  return contains_any(text, kPhrases);
}

void error_recovery(TestRun& run) {
  constexpr std::array<std::string_view, 2> kTools = {"read_file", "list_dir"};
  const AgentRun agent =
      run_agent(run, {"Read the file notes/todo.txt and tell me the first item on the list in it.", kTools});
  note_calls(run, agent);
  const auto reads = agent.calls_of("read_file");
  const bool read =
      std::any_of(reads.begin(), reads.end(), [](const AgentCall* call) { return call->outcome.ok; });
  run.expect(!reads.empty(), "read_file was not called");
  if (!agent.ended) return;
  if (read) {
    run.expect(folded(agent.answer).find(mock::kFirstTask) != std::string::npos,
               "the file was read, but its first item is not in the answer");
  } else {
    run.expect(says_missing(agent.answer), "the answer does not say that the file is missing");
    run.expect(!claims_content(agent.answer), "the answer invents what stands in the file");
  }
}

constexpr std::array kTests = {
    SuiteTest{"single", "one tool call", true, true, single},
    SuiteTest{"chained", "calc → use result", true, false, chained},
    SuiteTest{"multi_step", "compare 2 cities", true, false, multi_step},
    SuiteTest{"search", "web search + extract", true, false, search},
    SuiteTest{"error_recovery", "file not found", true, false, error_recovery},
};

}  // namespace

std::span<const SuiteTest> hermes_tests() {
  return kTests;
}

}  // namespace glim::app
