#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/eval/suite_record.h"
#include "app/paths.h"
#include "app/program.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "engine/base/error.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

const std::string kModels = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-";
const std::string kBase = kModels + "Q8_0.gguf", kQuant = kModels + "Q4_K_M.gguf";
const std::string kText = GLIM_SOURCE_DIR "/tests/golden/e2e/text.txt";

constexpr std::array kNames = {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_HOME", "GLIM_DATA_DIR"};

/// The program with real models, away from the user's own files.
struct EvalFixture {
  EvalFixture() {
    for (const char* name : kNames) setenv(name, dir.path().c_str(), 1);
  }
  ~EvalFixture() {
    for (const char* name : kNames) unsetenv(name);
  }

  int run(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), "eval");
    std::istringstream in(input);
    out.str("");
    err.str("");
    Console console{in, out, err};
    return run_program(parse_arguments(words), source, console);
  }

  nlohmann::json report(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--json", "-t", "1"});
    CHECK(run(words, input) == 0);
    return nlohmann::json::parse(out.str());
  }

  std::string path(const std::string& name) const { return (dir / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(dir / name, std::ios::binary) << bytes;
    return path(name);
  }

  TempDir dir;
  FakeSource source;
  std::ostringstream out, err;
};

ErrorCode refusal(const std::vector<std::string>& words) {
  EvalFixture program;
  try {
    program.run(words);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

}  // namespace

TEST_CASE("perplexity of several models, the others against the first") {
  EvalFixture program;
  const std::string again = GLIM_SOURCE_DIR "/tests/app/../golden/model/glm-mini-Q8_0.gguf";
  const auto report =
      program.report({"-m", kBase + "," + kQuant + "," + again, "--ppl", kText, "-c", "32", "--chunks", "3"});
  CHECK(report["complete"] == true);
  const auto& text = report["texts"][0];
  CHECK(text["chunks"] == 3);
  REQUIRE(text["models"].size() == 3);
  CHECK(text["models"][0]["tokens"] == 45);  // 15 of every 32
  CHECK(text["models"][2]["perplexity"] == text["models"][0]["perplexity"]);
  CHECK(text["models"][2]["log_ratio_to_first"]["value"] == 0);
  CHECK(text["models"][2]["log_ratio_to_first"]["error"] == 0);
  const double first = text["models"][0]["perplexity"]["value"],
               other = text["models"][1]["perplexity"]["value"];
  CHECK(text["models"][1]["log_ratio_to_first"]["value"].get<double>() ==
        doctest::Approx(std::log(other / first)));
  CHECK(program.err.str().find("[3]") != std::string::npos);
  CHECK(program.run({"-m", kBase, "--ppl", kText, "-c", "32", "--chunks", "3", "-b", "7"}) == 0);
  CHECK(program.out.str().find("Final estimate: PPL = ") != std::string::npos);
}

TEST_CASE("what was measured to the end is kept") {
  EvalFixture program;
  program.report({"-m", kBase + "," + kQuant, "--ppl", kText, "-c", "32", "--chunks", "2"});
  const auto kept = ResultStore(paths_from_environment().data).query({.kind = "eval"});
  REQUIRE(kept.size() == 2);
  for (const Measurement& measurement : kept) {
    CHECK((measurement.model == kBase || measurement.model == kQuant));
    REQUIRE(measurement.figures.size() == 1);
    CHECK(measurement.figures[0].name == "perplexity text.txt @ 32");
    CHECK(measurement.figures[0].value > 1);
    CHECK(measurement.result["texts"][0]["models"].size() == 1);
    CHECK(!measurement.file_hash.empty());
  }
}

TEST_CASE("suites are kept, and a rate is compared with the last of the same file on the same machine") {
  EvalFixture program;
  std::int32_t tokens = 256;
  program.source.prepare = [&](FakeEngine& engine) {
    engine.numbers.state = Stats::State::idle;
    engine.post(Ready{});
    const std::vector<std::string> pieces(static_cast<std::size_t>(tokens), "x");
    for (int i = 0; i < 3; ++i) engine.replies.push_back({pieces, FinishReason::max_tokens});
  };
  const std::vector<std::string> words = {"--suite", "mesh", "--test", "throughput", "-m", kBase, "--json"};
  const auto throughput = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> all = words;
    all.insert(all.end(), flags.begin(), flags.end());
    CHECK(program.run(all) == 0);
    return nlohmann::json::parse(program.out.str())["models"][0]["suites"]["mesh"]["tests"][0];
  };
  CHECK(throughput({})["throughput"]["previous_mean"] == nullptr);
  const ResultStore store(paths_from_environment().data);
  auto kept = store.query({.kind = "suite"});
  REQUIRE(kept.size() == 1);
  Measurement first = kept.front();
  CHECK(first.model == kBase);
  CHECK(!first.file_hash.empty());
  REQUIRE(first.figures.size() == 1);
  CHECK(first.figures[0].name == "mesh throughput");
  CHECK(first.figures[0].value == 127.5);
  CHECK(first.result["suites"]["mesh"]["tests"].size() == 1);

  const auto add = [&](double rate, const std::function<void(Measurement&)>& change) {
    Measurement other = first;
    other.figures[0].value = rate;
    change(other);
    ResultStore(paths_from_environment().data).add(other);
  };
  add(140, [](Measurement& other) { other.build = "0.0.1 other"; });
  add(200, [](Measurement& other) { other.device = "another machine"; });
  add(200, [](Measurement& other) { other.file_hash = "sha256:another file"; });
  add(200, [](Measurement& other) { other.settings["kv_type"] = "q8_0"; });
  add(200, [](Measurement& other) { other.threads = 7; });
  const auto slower = throughput({});
  CHECK(slower["result"] == "WARN");
  CHECK(slower["throughput"]["previous_mean"] == 140);
  CHECK(throughput({})["result"] == "PASS");  // the last run was as slow
  CHECK(throughput({"-t", "7"})["throughput"]["previous_mean"] == 200);

  const std::size_t before = store.query({.kind = "suite"}).size();
  tokens = 3;  // too few: the test fails and has no rate, the failure is kept
  CHECK(throughput({})["result"] == "FAIL");
  kept = store.query({.kind = "suite"});
  REQUIRE(kept.size() == before + 1);
  CHECK(kept.front().figures.empty());
  tokens = 256;
  CHECK(throughput({})["throughput"]["previous_mean"] == 127.5);
}

TEST_CASE("the smoke tests of a file are the newest results of each of them") {
  const TempDir dir;
  const ResultStore reader(dir.path());
  CHECK(!stored_smoke(reader, "sha256:1", "f16"));
  const auto add = [&](const char* hash, const char* kv, std::vector<std::pair<const char*, Verdict>> tests) {
    SuiteModel model;
    model.name = "m";
    for (const auto& [name, verdict] : tests) {
      TestResult& test = model.result.tests.emplace_back();
      test.suite = "mesh";
      test.name = name;
      test.verdict = verdict;
      test.scored = true;
    }
    Measurement one = provenance("suite", "m");
    one.file_hash = hash;
    one.settings["kv_type"] = kv;
    REQUIRE(add_suite_results(one, model));
    ResultStore(dir.path()).add(one);
  };
  add("sha256:1", "f16", {{"gibberish", Verdict::fail}, {"coding", Verdict::pass}});
  add("sha256:1", "f16", {{"gibberish", Verdict::pass}, {"thinking_leak", Verdict::fail}});
  add("sha256:1", "q8_0", {{"gibberish", Verdict::fail}});
  add("sha256:2", "f16", {{"gibberish", Verdict::fail}});
  const auto smoke = stored_smoke(reader, "sha256:1", "f16");
  REQUIRE(smoke);
  REQUIRE(smoke->items.size() == 3);
  CHECK(smoke->items[0].label == "gibberish");
  CHECK(smoke->items[0].verdict == Verdict::pass);
  CHECK(smoke->items[1].verdict == Verdict::fail);
  CHECK(smoke->items[2].label == "code");
  CHECK(smoke->score.text() == "FAIL, 2/3");
}

TEST_CASE("a file of predictions says what the model that wrote it would") {
  EvalFixture program;
  const std::vector<std::string> text = {"--ppl", kText, "-c", "32", "--chunks", "4"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), text.begin(), text.end());
    return words;
  };
  const auto exact = program.report(with({"-m", kQuant, "--against", kBase}))["texts"][0]["models"][0];
  const auto saved = program.report(with({"-m", kBase, "--save-logits", program.path("b.kld")}))["texts"][0];
  CHECK(saved["saved"]["noise_max"].get<double>() < 1e-4);
  const auto coded = program.report({"-m", kQuant, "--kl", program.path("b.kld")})["texts"][0]["models"][0];
  const auto by_llama_names = program.report({"-m", kQuant, "--kl-divergence", "--kl-divergence-base",
                                              program.path("b.kld")})["texts"][0]["models"][0];
  CHECK(by_llama_names == coded);
  program.report(with({"-m", kBase, "--save-logits", program.path("b.top"), "--top-k", "20"}));
  const auto bound = program.report({"-m", kQuant, "--kl", program.path("b.top")})["texts"][0]["models"][0];
  const double kld = exact["kld"]["mean"];
  CHECK(kld > 0);
  CHECK(coded["kld"]["mean"].get<double>() == doctest::Approx(kld).epsilon(1e-3));
  CHECK(coded["perplexity"] == exact["perplexity"]);
  CHECK(coded["same_top"] == exact["same_top"]);
  CHECK(exact["kld"]["is_bound"] == false);
  CHECK(bound["kld"]["is_bound"] == true);
  CHECK(bound["kld"]["mean"].get<double>() <= kld);
  CHECK(bound["kld"]["mean"].get<double>() > 0);
  CHECK(bound["base_perplexity"]["value"].get<double>() ==
        doctest::Approx(exact["base_perplexity"]["value"].get<double>()).epsilon(1e-5));
  const auto itself = program.report({"-m", kBase, "--kl", program.path("b.kld")})["texts"][0]["models"][0];
  CHECK(std::fabs(itself["kld"]["mean"].get<double>()) < 1e-5);
  CHECK(itself["same_top"]["value"] == 1);
  CHECK(program.run({"-m", kQuant + "," + kBase, "--kl", program.path("b.kld"), "--chunks", "2"}) == 0);
  CHECK(program.out.str().find("2 of 2 chunks") != std::string::npos);
  CHECK(program.out.str().find("99.9 % KLD") != std::string::npos);
}

TEST_CASE("given tokens are scored from where it is said") {
  EvalFixture program;
  const std::string tokens = program.write("t.json", "[1, 5, 9, 12, 20, 33, 7, 8]");
  const auto all = program.report({"-m", kQuant, "--against", kBase, "--tokens", tokens})["texts"][0];
  CHECK(all["models"][0]["tokens"] == 7);
  const auto tail =
      program.report({"-m", kQuant, "--against", kBase, "--tokens", tokens, "--from", "6"})["texts"][0];
  CHECK(tail["models"][0]["tokens"] == 2);
  program.report({"-m", kBase, "--tokens", tokens, "--from", "6", "--save-logits", program.path("t.top"),
                  "--top-k", "100000"});
  const auto kept = program.report({"-m", kQuant, "--kl", program.path("t.top")})["texts"][0]["models"][0];
  CHECK(kept["tokens"] == 2);
  CHECK(kept["kld"]["is_bound"] == false);
  CHECK(kept["kld"]["mean"].get<double>() ==
        doctest::Approx(tail["models"][0]["kld"]["mean"].get<double>()).epsilon(1e-4));
}

TEST_CASE("flags of eval that do not go together or name nothing are refused") {
  const TempDir dir;
  const std::string tokens = (dir / "t.json").string();
  std::ofstream(tokens) << "[1, 2, -3]";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"-m", kBase},
           {"--ppl", kText},
           {"-m", kBase + ",", "--ppl", kText},
           {"-m", kBase, "--ppl", "/none"},
           {"-m", kBase, "--ppl", kText, "-c", "3"},
           {"-m", kBase, "--ppl", kText, "-c", "512000"},
           {"-m", kBase, "--ppl", kText, "--chunks", "-1"},
           {"-m", kBase, "--ppl", kText, "-b", "0"},
           {"-m", kBase, "--ppl", kText, "--top-k", "5"},
           {"-m", kBase, "--ppl", kText, "--kl", "x"},
           {"-m", kBase, "--kl-divergence"},
           {"-m", kBase, "--kl", "x", "--against", kBase},
           {"-m", kBase + "," + kQuant, "--ppl", kText, "--save-logits", "x"},
           {"-m", kBase, "--tokens", tokens},
           {"-m", kBase, "--hellaswag", "/none"},
           {"-m", kBase, "--hellaswag", kText, "--shots", "1000"},
           {"-m", kBase, "--ppl", kText, "--items", "x"},
           {"one.jsonl"}}) {
    CAPTURE(words.empty() ? "nothing" : words.back());
    CHECK(refusal(words) == ErrorCode::E501);
  }
  CHECK(refusal({"-m", kBase, "--hellaswag", kText}) == ErrorCode::E105);
  CHECK(refusal({"-m", kBase, "--kl", kText}) == ErrorCode::E105);
  CHECK(refusal({"-m", kBase, "--kl", "/none"}) == ErrorCode::E101);
}

TEST_CASE("a base of another vocabulary is refused") {
  EvalFixture program;
  program.report(
      {"-m", kBase, "--ppl", kText, "-c", "32", "--chunks", "2", "--save-logits", program.path("b")});
  const std::string spark = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  CHECK_THROWS_WITH_AS(program.run({"-m", spark, "--kl", program.path("b")}), doctest::Contains("vocabulary"),
                       Error);
}

TEST_CASE("a signal ends eval with its status and a report that says so") {
  EvalFixture program;
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  kill(getpid(), SIGINT);
  CHECK(program.run(
            {"-m", kBase, "--ppl", kText, "-c", "32", "--json", "--save-logits", program.path("b")}) == 130);
  CHECK(nlohmann::json::parse(program.out.str())["complete"] == false);
  CHECK(!std::filesystem::exists(program.path("b")));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("questions, their results in a file, and the paired test") {
  EvalFixture program;
  std::string lines;
  for (int i = 0; i < 12; ++i)
    lines += "A man walks to the " + std::to_string(i) + "\n" + std::to_string(i % 4) +
             "\nand sits\nand stands there\nfor a while\nto eat bread\n";
  const std::string hellaswag = program.write("h.txt", lines);
  const std::string gaps = program.write(
      "w.csv",
      "1,\"The dog, not the cat, ran because _ was fast.\",dog,cat,1\n2,A _ b.,x,y,2\n3,no gap,x,y,1\n");
  const auto report = program.report({"-m", kBase + "," + kQuant, "--hellaswag", hellaswag, "--winogrande",
                                      gaps, "--items", program.path("items.jsonl")});
  const auto& tasks = report["tasks"];
  REQUIRE(tasks.size() == 4);
  CHECK(tasks[0]["task"] == "hellaswag(llama)");
  CHECK(tasks[0]["questions"] == 12);
  CHECK(tasks[0]["chance"] == 0.25);
  CHECK(tasks[1]["measures"][0]["paired"]["questions"] == 12);
  CHECK(tasks[2]["task"] == "winogrande(llama)");
  CHECK(tasks[2]["questions"] == 2);
  CHECK(tasks[2]["notes"].size() == 1);
  // The models of both files, against the first of the first.
  CHECK(program.run({program.path("items.jsonl"), program.path("items.jsonl"), "--json"}) == 0);
  const auto compared = nlohmann::json::parse(program.out.str())["tasks"];
  REQUIRE(compared.size() == 8);
  CHECK(compared[2]["measures"][0]["paired"]["p"] == 1);
  CHECK(compared[1]["measures"][0]["paired"]["better"] == tasks[1]["measures"][0]["paired"]["better"]);
  CHECK(program.run({"-m", kBase, "--hellaswag", hellaswag, "--limit", "5", "-t", "1"}) == 0);
  CHECK(program.out.str().find("hellaswag(llama): 5 questions, 25.00 % by chance") != std::string::npos);
}

TEST_CASE("written answers are generated, kept and judged twice") {
  EvalFixture program;
  const std::string test = program.write("t.jsonl", R"({"question":"What is 1+1?","answer":"1+1=2\n#### 2"})"
                                                    "\n\n"
                                                    R"({"question":"And 2+2?","answer":"#### 4"})"
                                                    "\n");
  const auto report = program.report({"-m", kQuant, "--gsm8k", test, "--examples", test, "--shots", "1",
                                      "--items", program.path("i.jsonl")});
  CHECK(report["tasks"][0]["questions"] == 2);
  CHECK(report["tasks"][0]["measures"][0]["measure"] == "strict-match");
  CHECK(report["tasks"][0]["measures"][1]["measure"] == "flexible-extract");
  std::ifstream items(program.path("i.jsonl"));
  std::string line;
  REQUIRE(std::getline(items, line));
  CHECK(nlohmann::json::parse(line).contains("answer"));
  CHECK_THROWS_WITH_AS(program.run({"-m", kQuant, "--gsm8k", test}), doctest::Contains("--examples"), Error);
}

}  // namespace glim::app
