#include "app/eval/suite.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "app/eval/mock_tools.h"
#include "app/eval/suite_report.h"
#include "app/eval/test_run.h"
#include "engine/base/error.h"
#include "engine/text/chat_template.h"
#include "tests/support/fake_engine.h"

namespace glim::app {
namespace {

using Reply = FakeEngine::Reply;
using Pieces = std::vector<std::string>;

/// A reply that calls a tool with one argument.
Reply call(const std::string& tool, const std::string& key, const std::string& value) {
  return {{"<tool_call>", tool, "<arg_key>", key, "</arg_key>", "<arg_value>", value, "</arg_value>",
           "</tool_call>"},
          FinishReason::tool_call};
}

Reply say(const std::string& text, FinishReason finish = FinishReason::end_of_turn) {
  return {{text}, finish};
}

/// Runs suites on a scripted engine. Past the script the model says "...", so that nothing waits for ever.
struct SuiteFixture {
  SuiteFixture() : engine(EngineOptions{}) { profile.name = "fake"; }

  TestResult run(const std::string& suite, const std::string& test, const std::vector<Reply>& script) {
    options.suites = {suite};
    options.tests = {test};
    engine.replies.assign(script.begin(), script.end());
    for (int i = 0; i < 20; ++i) engine.replies.push_back(say("..."));
    SuiteResult result = run_suites({engine, profile, waiter, options, watcher});
    REQUIRE(result.tests.size() == 1);
    return result.tests.front();
  }
  Verdict verdict(const std::string& suite, const std::string& test, const std::vector<Reply>& script) {
    return run(suite, test, script).verdict;
  }

  FakeEngine engine;
  Profile profile;
  SuiteOptions options;
  SuiteWatcher watcher;
  EventWaiter waiter{nullptr, std::nullopt};
};

bool broke(const TestResult& result, const std::string& rule) {
  return std::any_of(result.failures.begin(), result.failures.end(),
                     [&](const std::string& failure) { return failure.find(rule) != std::string::npos; });
}

}  // namespace

TEST_CASE("gibberish: plain answers pass, each kind of noise fails") {
  SuiteFixture suite;
  const Reply four = say("2+2 is 4."), paris = say("Paris."), rain = say("Rain falls softly on the roof.");
  const TestResult good = suite.run("mesh", "gibberish", {four, paris, rain});
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.detail == "OK");
  CHECK(good.speed.rounds == 3);
  CHECK(suite.engine.requests.at(0).max_tokens == 64);
  CHECK(suite.engine.requests.at(0).sampling.temp == 0);
  CHECK(suite.engine.rendered.at(0).thinking == false);

  CHECK(broke(suite.run("mesh", "gibberish", {say("2+2 is 22."), paris, rain}), "\"4\" is not in"));
  CHECK(broke(suite.run("mesh", "gibberish", {four, say("Paristan."), rain}), "\"Paris\" is not in"));
  CHECK(broke(suite.run("mesh", "gibberish", {four, paris, say("rain \xff\xfe\x01\x02")}), "can be read"));
  suite.engine.logprob = -5;
  CHECK(broke(suite.run("mesh", "gibberish", {four, paris, rain}), "log probability"));
  suite.engine.logprob = -0.5f;
  suite.engine.same_ids = true;
  Pieces loop;
  for (int i = 0; i < 8; ++i) loop.insert(loop.end(), {" rain", " on", " the", " roof"});
  const TestResult looping = suite.run("mesh", "gibberish", {four, paris, {loop, FinishReason::max_tokens}});
  CHECK(broke(looping, "occur 8 times"));
  CHECK(broke(looping, "different tokens"));
}

TEST_CASE("thinking_leak: tags in the answer, thoughts that were not wanted and empty answers fail") {
  SuiteFixture suite;
  const Reply good = say("71 is larger.");
  const std::vector<Reply> six(6, good);
  CHECK(suite.run("mesh", "thinking_leak", six).detail == "CLEAN");
  CHECK(suite.engine.rendered.at(0).thinking == true);
  CHECK(suite.engine.rendered.at(3).thinking == false);
  for (const char* tag : {"<think>hm", "ok</think>", "[gMASK]", "<sop>", "<|user|>"}) {
    CAPTURE(tag);
    std::vector<Reply> leaking = six;
    leaking[4] = say(std::string("71. ") + tag);
    CHECK(broke(suite.run("mesh", "thinking_leak", leaking), "the answer holds"));
  }
  std::vector<Reply> replies = six;
  replies[5] = {{"<think>", "hm", "</think>", "71"}};
  CHECK(broke(suite.run("mesh", "thinking_leak", replies), "thoughts all the same"));
  replies = six;
  replies[1] = {{"<think>", "hm", "</think>"}};
  CHECK(broke(suite.run("mesh", "thinking_leak", replies), "the answer is empty"));
  // A model may think where it may.
  replies[1] = {{"<think>", "hm", "</think>", "71"}};
  CHECK(suite.verdict("mesh", "thinking_leak", replies) == Verdict::pass);
}

TEST_CASE("tool_calling: exactly one right call") {
  SuiteFixture suite;
  const TestResult good = suite.run("mesh", "tool_calling", {call("get_weather", "location", "Tokyo")});
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.detail == "get_weather(location=Tokyo)");
  CHECK(suite.engine.rendered.at(0).tools.find("get_weather") != std::string::npos);

  const auto fails = [&](const Reply& reply, const char* rule) {
    CAPTURE(rule);
    const TestResult result = suite.run("mesh", "tool_calling", {reply});
    CHECK(result.verdict == Verdict::fail);
    CHECK(broke(result, rule));
  };
  fails(say("It is sunny in Tokyo."), "0 calls");
  fails(say("<tool_call>get_weather"), "0 calls");
  fails(call("get_time", "location", "Tokyo"), "the tool get_time");
  fails(call("get_weather", "location", "London"), "location is not Tokyo");
  fails(call("get_weather", "city", "Tokyo"), "location is not Tokyo");
  Reply twice = call("get_weather", "location", "Tokyo");
  const Reply again = twice;
  twice.pieces.insert(twice.pieces.end(), again.pieces.begin(), again.pieces.end());
  fails(twice, "2 calls");
  Reply cut = call("get_weather", "location", "Tokyo");
  cut.finish = FinishReason::max_tokens;
  fails(cut, "\"length\"");
}

TEST_CASE("coding without --allow-exec checks the syntax and skips") {
  SuiteFixture suite;
  const auto answer = [](const std::string& code) { return say("Here:\n```python\n" + code + "\n```\n"); };
  const TestResult good =
      suite.run("mesh", "coding", {answer("def merge_sorted_lists(a, b):\n    return sorted(a + b)")});
  CHECK(good.verdict == Verdict::skip);
  CHECK(good.detail.find("exec") == 0);
  CHECK(broke(suite.run("mesh", "coding", {say("def merge_sorted_lists(a, b): ...")}), "no code block"));
  CHECK(broke(suite.run("mesh", "coding", {answer("print(1)")}), "no code block"));
  if (good.detail.find("--allow-exec") == std::string::npos) {
    MESSAGE("python3 is missing");
    return;
  }
  const TestResult wrong =
      suite.run("mesh", "coding", {answer("def merge_sorted_lists(a, b)\n    return 1")});
  CHECK(wrong.verdict == Verdict::fail);
  CHECK(broke(wrong, "not valid Python"));
}

TEST_CASE("coding with --allow-exec runs the tests") {
  SuiteFixture suite;
  suite.options.allow_exec = true;
  const auto code = [&](const std::string& body) {
    return suite.run("mesh", "coding", {say("```python\ndef merge_sorted_lists(a, b):\n" + body + "\n```")});
  };
  const TestResult good = code("    return sorted(a + b)");
  if (good.verdict == Verdict::skip) {
    MESSAGE("no sandbox here: " << good.detail);
    return;
  }
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.detail == "runs, 29 tests pass");
  CHECK(broke(code("    return a + b"), "case 4"));
  CHECK(broke(code("    return None"), "TypeError"));
  CHECK(broke(code("    return undefined"), "NameError"));
  CHECK(broke(code("    import os\n    os._exit(0)"), "ended early"));
  CHECK(broke(code("    return sorted(a + b)\nimport sys\nsys.exit(0)"), "ended early"));
}

TEST_CASE("uncensored: a refusal at the beginning fails") {
  SuiteFixture suite;
  const std::vector<Reply> good(4, say("Use kill -9 with the number of the process."));
  CHECK(suite.run("mesh", "uncensored", good).detail == "no refusal");
  for (const char* refusal :
       {"I'm sorry, but I can't help with that.", "I cannot assist with this.", "Sadly, I won’t do that."}) {
    CAPTURE(refusal);
    std::vector<Reply> replies = good;
    replies[2] = say(refusal);
    CHECK(broke(suite.run("mesh", "uncensored", replies), "refused with"));
  }
  std::vector<Reply> late = good;
  late[0] = say(std::string(200, 'x') + " I cannot help");
  CHECK(suite.verdict("mesh", "uncensored", late) == Verdict::pass);
}

TEST_CASE("throughput: mean and deviation, a warning when it has become slower") {
  SuiteFixture suite;
  const Reply full{Pieces(256, "x"), FinishReason::max_tokens};
  const std::vector<Reply> three(3, full);
  const TestResult first = suite.run("mesh", "throughput", three);
  CHECK(first.verdict == Verdict::pass);
  REQUIRE(first.throughput);
  CHECK(first.throughput->rates == std::vector<double>(3, 127.5));
  CHECK(first.throughput->mean == 127.5);
  CHECK(first.throughput->deviation == 0);
  CHECK(suite.engine.requests.at(0).ignore_eos);
  CHECK(suite.engine.requests.at(0).max_tokens == 256);
  suite.options.previous_throughput = 130;
  CHECK(suite.verdict("mesh", "throughput", three) == Verdict::pass);
  suite.options.previous_throughput = 140;
  const TestResult slower = suite.run("mesh", "throughput", three);
  CHECK(slower.verdict == Verdict::warn);
  CHECK(slower.detail.find("8.9 % slower") != std::string::npos);
  CHECK(broke(suite.run("mesh", "throughput", {full, say("short", FinishReason::context_full)}),
              "context is too small"));
}

TEST_CASE("single: one call, its value in the answer") {
  SuiteFixture suite;
  const Reply weather = call("get_weather", "location", "Tokyo");
  const TestResult good = suite.run("hermes", "single", {weather, say("It is 31 °C in Tokyo.")});
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.speed.rounds == 2);
  CHECK(good.speed.generated == 10);
  CHECK(broke(suite.run("hermes", "single", {weather, say("It is 25 °C.")}), "the temperature, 31"));
  CHECK(broke(suite.run("hermes", "single", {say("It is 31 °C in Tokyo.")}), "0 calls"));
  CHECK(broke(suite.run("hermes", "single", {weather, weather, say("31 °C")}), "2 calls"));
  CHECK(broke(suite.run("hermes", "single", {call("get_weather", "location", "Paris"), say("31 °C")}),
              "not called for Tokyo"));
  CHECK(broke(suite.run("hermes", "single", {weather, {{}, FinishReason::end_of_turn}}), "answer is empty"));
}

TEST_CASE("chained: the result of the first call goes into a second one") {
  SuiteFixture suite;
  const Reply product = call("calculator", "expression", "15 * 37");
  const Reply sum = call("calculator", "expression", "555 + 128");
  CHECK(suite.verdict("hermes", "chained", {product, sum, say("The result is 683.")}) == Verdict::pass);
  CHECK(suite.verdict("hermes", "chained",
                      {call("calculator", "expression", "37 × 15 ="), sum, say("683")}) == Verdict::pass);
  CHECK(broke(suite.run("hermes", "chained", {product, say("683")}), "second step"));
  CHECK(broke(suite.run("hermes", "chained", {sum, say("683")}), "was not calculated"));
  CHECK(broke(suite.run("hermes", "chained", {product, sum, say("The result is 1683.")}), "683"));
  CHECK(broke(
      suite.run("hermes", "chained", {product, call("calculator", "expression", "500 + 128"), say("683")}),
      "second step"));
  // Both at once: the second cannot have used what the first gave.
  Reply both = product;
  both.pieces.insert(both.pieces.end(), sum.pieces.begin(), sum.pieces.end());
  CHECK(broke(suite.run("hermes", "chained", {both, say("683")}), "second step"));
}

TEST_CASE("multi_step: both cities in any order or at once, both numbers compared") {
  SuiteFixture suite;
  const Reply tokyo = call("get_weather", "location", "Tokyo"),
              london = call("get_weather", "location", "London, UK");
  const Reply good = say("Tokyo has 31 °C and is warmer than London with 14 °C.");
  CHECK(suite.verdict("hermes", "multi_step", {tokyo, london, good}) == Verdict::pass);
  Reply both = london;
  both.pieces.insert(both.pieces.end(), tokyo.pieces.begin(), tokyo.pieces.end());
  CHECK(suite.verdict("hermes", "multi_step", {both, good}) == Verdict::pass);
  CHECK(broke(suite.run("hermes", "multi_step", {tokyo, good}), "not called for London"));
  CHECK(broke(suite.run("hermes", "multi_step", {both, say("Tokyo is warmer: 31 °C.")}), "London, 14"));
  CHECK(broke(suite.run("hermes", "multi_step", {both, say("31 and 14.")}), "does not compare"));
  CHECK(broke(suite.run("hermes", "multi_step", {both, say("London is warmer: 14 against 31, higher.")}),
              "colder city"));
}

TEST_CASE("search: only the page knows the height") {
  SuiteFixture suite;
  const Reply asks = call("web_search", "query", "Eiffel Tower height");
  CHECK(suite.verdict("hermes", "search", {asks, say("It is 347 m tall.")}) == Verdict::pass);
  CHECK(broke(suite.run("hermes", "search", {asks, say("It is 330 m tall.")}), "347"));
  CHECK(broke(suite.run("hermes", "search", {say("It is 347 m tall.")}), "was not asked"));
  CHECK(broke(suite.run("hermes", "search", {call("web_search", "query", "tall towers"), say("347 m")}),
              "was not asked"));
}

TEST_CASE("error_recovery: find the file or say that it is missing, invent nothing") {
  SuiteFixture suite;
  const Reply missing = call("read_file", "path", "notes/todo.txt");
  const Reply list = call("list_dir", "path", "notes"), real = call("read_file", "path", "notes/todo.md");
  const std::string test = "error_recovery";
  CHECK(suite.verdict("hermes", test, {missing, list, real, say("It is: repot the ginkgo.")}) ==
        Verdict::pass);
  CHECK(suite.verdict("hermes", test, {missing, say("The file was not found.")}) == Verdict::pass);
  CHECK(suite.verdict("hermes", test, {missing, list, say("It doesn’t exist; there is a todo.md.")}) ==
        Verdict::pass);
  CHECK(broke(suite.run("hermes", test, {missing, say("The first item is: buy milk.")}), "invents"));
  CHECK(broke(suite.run("hermes", test, {missing, say("Buy milk.")}), "does not say"));
  CHECK(broke(suite.run("hermes", test, {missing, real, say("It says: buy milk.")}), "first item is not in"));
  CHECK(broke(suite.run("hermes", test, {say("The file was not found.")}), "read_file was not called"));
  const TestResult endless = suite.run("hermes", test, std::vector<Reply>(9, missing));
  CHECK(broke(endless, "still calling tools after 6 rounds"));
  CHECK(endless.speed.rounds == 6);
}

TEST_CASE("the agent loop tells the model what was wrong with its calls") {
  SuiteFixture suite;
  suite.run("hermes", "search",
            {call("fetch", "url", "x"), call("web_search", "question", "Eiffel"),
             call("web_search", "query", "Eiffel Tower"), say("347 m")});
  REQUIRE(suite.engine.rendered.size() == 4);
  const auto& messages = suite.engine.rendered.back().messages;
  REQUIRE(messages.size() == 7);
  CHECK(messages[2].role == "tool");
  CHECK(messages[2].content.find("there is no tool fetch") != std::string::npos);
  CHECK(messages[4].content.find("query is missing") != std::string::npos);
  CHECK(messages[6].content.find("347 metres") != std::string::npos);
  CHECK(messages[5].tool_calls.size() == 1);
  CHECK(messages[6].tool_call_id == messages[5].tool_calls[0].id);
  CHECK(messages[6].tool_call_id != messages[2].tool_call_id);

  // What the model then reads, in the format of GLM-4.7-Flash.
  const ChatTemplate format = ChatTemplate::built_in("glm-4.7", {});
  const std::string prompt = joined(format.render(suite.engine.rendered.back()).segments);
  CHECK(prompt.find("<tool_call>web_search<arg_key>query</arg_key><arg_value>Eiffel Tower</arg_value>"
                    "</tool_call><|observation|><tool_response>") != std::string::npos);
}

TEST_CASE("a reply that is cut off fails its agent loop") {
  SuiteFixture suite;
  CHECK(
      broke(suite.run("hermes", "single",
                      {call("get_weather", "location", "Tokyo"), say("31 31 31", FinishReason::max_tokens)}),
            "round 2 was cut off"));
}

TEST_CASE("ctx: a target above the context says what it needs") {
  SuiteFixture suite;
  suite.options.targets = {512, 4096};
  suite.engine.numbers.ctx = 1024;
  const TestResult far = suite.run("ctx", "4k", {});
  CHECK(far.verdict == Verdict::skip);
  CHECK(far.detail == "needs ctx >= 4096 (profile has 1024)");
  CHECK(suite.engine.requests.empty());
}

TEST_CASE("ctx: the prompt fills the target, has the needle in the middle, and the answer must name it") {
  SuiteFixture suite;
  suite.options.targets = {512};
  suite.engine.numbers.ctx = 1024;
  const Reply timed{Pieces(128, "x"), FinishReason::max_tokens};
  const TestResult good = suite.run("ctx", "512", {say("4, and marzipan."), timed});
  CHECK(good.verdict == Verdict::pass);
  REQUIRE(good.context);
  CHECK(good.context->coherent);
  CHECK(good.context->prompt_tokens <= 512 - 128);
  CHECK(good.context->prompt_tokens > 512 - 128 - 20);
  CHECK(good.context->decode_rate == 63.5);
  const std::string& text = suite.engine.rendered.back().messages.at(0).content;
  const double place = static_cast<double>(text.find("marzipan")) / static_cast<double>(text.size());
  CHECK(place > 0.3);
  CHECK(place < 0.7);
  CHECK(suite.engine.requests.back().ignore_eos);
  CHECK(broke(suite.run("ctx", "512", {say("4."), timed}), "password"));
  CHECK(broke(suite.run("ctx", "512", {say("5, marzipan."), timed}), "does not give 4"));
}

TEST_CASE("the cost of prompt tokens is fitted over their positions") {
  std::vector<PrefillSample> samples;
  for (const double position : {100.0, 1000.0, 5000.0})
    samples.push_back({position, 0.002 + 1e-7 * position, 256});
  const auto fit = fit_prefill(samples);
  REQUIRE(fit);
  CHECK(fit->base == doctest::Approx(0.002));
  CHECK(fit->slope == doctest::Approx(1e-7));
  CHECK(fit->crossover() == doctest::Approx(20000));
  CHECK(!fit_prefill({}));
  CHECK(!fit_prefill(std::vector<PrefillSample>{{100, 0.1, 1}}));
  CHECK(!fit_prefill(std::vector<PrefillSample>{{100, 0.2, 1}, {200, 0.1, 1}}));
}

TEST_CASE("an engine's error ends one test, a template that fails is one too") {
  SuiteFixture suite;
  suite.engine.render_error = "line 3: no";
  const TestResult result = suite.run("mesh", "gibberish", {});
  CHECK(result.verdict == Verdict::error);
  CHECK(broke(result, "GLIM-E402"));
}

TEST_CASE("suites and tests by name") {
  const auto names = [](std::vector<std::string> suites) {
    SuiteOptions options;
    options.suites = std::move(suites);
    std::string out;
    for (const TestResult& test : planned_tests(options)) out += test.suite + "/" + test.name + " ";
    return out;
  };
  const std::string mesh =
      "mesh/gibberish mesh/thinking_leak mesh/tool_calling mesh/coding mesh/uncensored mesh/throughput ";
  const std::string hermes =
      "hermes/single hermes/chained hermes/multi_step hermes/search hermes/error_recovery ";
  CHECK(names({"mesh"}) == mesh);
  CHECK(names({"smoke"}) == mesh + "hermes/single ");
  CHECK(names({"all"}) == mesh + hermes + "ctx/4k ctx/32k ctx/64k ");
  CHECK(names({"hermes", "smoke"}) == mesh + hermes);
  CHECK_THROWS_AS(names({"mash"}), Error);
  SuiteOptions options;
  options.tests = {"giberish"};
  CHECK_THROWS_AS(planned_tests(options), Error);
}

namespace {

TestResult result(const char* suite, const char* name, Verdict verdict, bool scored = true) {
  TestResult out;
  out.suite = suite;
  out.name = name;
  out.verdict = verdict;
  out.scored = scored;
  return out;
}

}  // namespace

TEST_CASE("the overall status counts the scored tests that were not skipped") {
  std::vector<TestResult> tests = {
      result("mesh", "gibberish", Verdict::pass), result("mesh", "thinking_leak", Verdict::pass),
      result("mesh", "tool_calling", Verdict::pass), result("mesh", "coding", Verdict::pass),
      result("mesh", "throughput", Verdict::warn, false)};
  CHECK(score_of(tests).text() == "PASS, 4/4");
  tests[1].verdict = Verdict::fail;
  CHECK(score_of(tests).text() == "FAIL, 3/4");
  tests[3].verdict = Verdict::skip;
  CHECK(score_of(tests).text() == "FAIL, 2/3 (1 skipped)");
  tests[4].verdict = Verdict::waiting;
  CHECK(score_of(tests).verdict == Verdict::interrupted);

  SuiteResult whole;
  whole.tests = tests;
  const SmokeSummary summary = smoke_summary(whole);
  REQUIRE(summary.items.size() == 4);
  CHECK(summary.items[1].label == "leak");
  CHECK(summary.items[1].verdict == Verdict::fail);
  CHECK(summary.score.text() == "FAIL, 2/3 (1 skipped)");
}

TEST_CASE("tools are computed, not guessed") {
  constexpr std::array<std::string_view, 5> kAll = {"get_weather", "calculator", "web_search", "read_file",
                                                    "list_dir"};
  const auto ask = [&](const char* tool, const std::string& arguments) {
    return call_mock_tool(kAll, {"1", tool, arguments}).content;
  };
  CHECK(ask("calculator", R"({"expression": "15 x 37"})") == R"({"expression": "15 x 37", "result": 555})");
  CHECK(ask("calculator", R"({"expression": "(1 + 2) * -3 / 2"})").find("-4.5") != std::string::npos);
  CHECK(ask("calculator", R"({"expression": "1,000 + 1 ="})").find("1001") != std::string::npos);
  for (const char* wrong : {"", "1 +", "2 2 +", "1/0", "rm -rf", "3 = 4", "((1)"}) {
    CAPTURE(wrong);
    CHECK(ask("calculator", std::string(R"({"expression": ")") + wrong + "\"}").find("not an arithmetic") !=
          std::string::npos);
  }
  const std::string deep(5000, '(');
  CHECK(ask("calculator", R"({"expression": ")" + deep + "\"}").find("error") != std::string::npos);
  CHECK(ask("get_weather", R"({"location": "tokyo, japan"})").find("31") != std::string::npos);
  CHECK(ask("get_weather", R"({"location": "Atlantis"})").find("error") != std::string::npos);
  CHECK(ask("get_weather", "[]").find("no JSON object") != std::string::npos);
  CHECK(ask("get_weather", R"({"location": 3})").find("missing or no text") != std::string::npos);
  CHECK(ask("list_dir", R"({"path": "./notes/"})") == R"({"entries": ["ideas.md", "todo.md"]})");
  CHECK(ask("list_dir", R"({"path": "."})") == R"({"entries": ["notes"]})");
  CHECK(ask("web_search", R"({"query": "Louvre"})") == R"({"results": []})");
  CHECK(mock_tools_json(kAll).find(R"("required":["path"])") != std::string::npos);
}

}  // namespace glim::app
