#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/compare/answer_text.h"
#include "app/compare/runner.h"
#include "app/program.h"
#include "engine/base/error.h"
#include "engine/measure/text_model.h"
#include "tests/app/compare_fixture.h"

namespace glim::app {
namespace {

using Report = nlohmann::json;

const std::string kModels = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-";

/// The whole program with real models, away from the user's own files.
constexpr std::array kFolders = {"GLIM_CONFIG_HOME", "GLIM_DATA_HOME", "GLIM_STATE_HOME", "GLIM_CACHE_HOME",
                                 "GLIM_DATA_DIR"};

struct CompareProgram {
  CompareProgram() {
    for (const char* name : kFolders) setenv(name, dir.path().c_str(), 1);
  }
  ~CompareProgram() {
    for (const char* name : kFolders) unsetenv(name);
  }

  int run(std::vector<std::string> words, const std::string& input = {}) {
    for (const char* word : {"-c", "256", "-t", "1"}) words.emplace_back(word);
    return run_as_given(std::move(words), input);
  }
  int run_as_given(std::vector<std::string> words, const std::string& input = {}) {
    std::istringstream in(input);
    out.str("");
    err.str("");
    Console console{in, out, err};
    words.insert(words.begin(), "compare");
    return run_program(parse_arguments(words), source, console);
  }
  ErrorCode refusal(const std::vector<std::string>& words) {
    try {
      run_as_given(words);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::E901;
  }
  bool printed(const std::string& text) const { return out.str().find(text) != std::string::npos; }
  Report json(std::vector<std::string> words) {
    words.insert(words.end(), {"-o", "json"});
    status = run(std::move(words));
    return Report::parse(out.str());
  }

  TempDir dir;
  RealEngines source;
  std::ostringstream out, err;
  int status = 0;
};

const Report& answer(const Report& report, std::size_t pane, std::size_t prompt = 0) {
  return report["prompts"][prompt]["answers"][pane];
}

/// The divergence of every token of an answer, measured in one run of both models without an engine.
std::vector<TokenDrift> in_one_run(const std::string& base, const std::string& other,
                                   const std::vector<TokenId>& prompt, const std::vector<TokenId>& reply) {
  std::vector<TokenId> text = prompt;
  text.insert(text.end(), reply.begin(), reply.end());
  std::vector<std::vector<float>> rows;
  std::vector<TokenDrift> out;
  const auto first = static_cast<std::int32_t>(prompt.size()) - 1;
  for (const std::string& path : {base, other}) {
    EngineOptions options;
    options.model = path;
    options.ctx = 256;
    options.threads = 1;
    TextModel model(options, [] { return true; });
    const auto sink = [&](std::int32_t position, std::span<const float> logits) {
      const auto at = static_cast<std::size_t>(position - first);
      if (path == base) {
        rows.emplace_back(logits.begin(), logits.end());
      } else if (at < reply.size()) {
        out.push_back(token_drift(rows[at], logits, reply[at]));
      }
    };
    model.run(std::span(text).first(text.size() - 1), first, sink, [] { return true; });
  }
  return out;
}

}  // namespace

TEST_CASE("side by side and one after the other say the same") {
  CompareProgram program;
  const std::vector<std::string> words = {
      kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "--prompt", "ab", "-n", "90"};
  std::vector<std::string> sequential = words;
  sequential.insert(sequential.end(), {"--mode", "sequential"});
  const Report beside = program.json(words);
  CHECK(program.status == 0);
  const Report after = program.json(sequential);
  CHECK(beside["settings"]["mode"] == "interleave");
  CHECK(after["settings"]["mode"] == "sequential");
  CHECK(beside["panes"][1]["quant"] == "Q4_K_M");
  for (std::size_t pane = 0; pane < 2; ++pane) {
    CHECK(answer(beside, pane)["tokens"] == answer(after, pane)["tokens"]);
    CHECK(answer(beside, pane)["timings"]["generation_rate"].get<double>() > 0);
  }
  // More than one piece is scored.
  CHECK(answer(beside, 0)["generated_tokens"] == 90);
  const Report &one = answer(beside, 1)["drift"], &two = answer(after, 1)["drift"];
  CHECK(one["complete"] == true);
  CHECK(one["kld_is_bound"] == false);
  CHECK(one["kld"].get<double>() > 0);
  CHECK(one["kld"].get<double>() == doctest::Approx(two["kld"].get<double>()));
  CHECK(answer(beside, 1)["first_split"] == answer(after, 1)["first_split"]);
}

TEST_CASE("the drift of an answer is what one run of both models over the same tokens gives") {
  TempDir dir;
  RealEngines engines;
  CompareRunner::Setup setup;
  PaneWishes wishes;
  wishes.words = {kModels + "Q8_0.gguf", kModels + "IQ4_XS.gguf"};
  wishes.overrides["sampling.max_tokens"] = {100, "test"};
  wishes.overrides["context.ctx"] = {256, "test"};
  wishes.overrides["device.threads"] = {1, "test"};
  setup.panes = pane_specs(wishes, {});
  setup.prompts.resize(1);
  setup.prompts[0].text = "xyz";
  CompareFixture fixture;  // only its loop is used
  fixture.runner = std::make_unique<CompareRunner>(engines, std::move(setup));
  fixture.runner->start();
  fixture.finish();
  const CompareAnswer& reference = fixture.answer(0);
  const PaneDrift& drift = *fixture.answer(1).drift;
  EngineOptions options = fixture.runner->state().panes[0].options;
  const auto engine = open_engine(options);
  for (bool ready = false; !ready;) {
    const auto event = engine->poll();
    ready = event && std::holds_alternative<Ready>(*event);
  }
  ChatRequest request;
  request.messages.push_back({"user", "xyz"});
  std::vector<TokenId> reply;
  for (const AnswerToken& token : reference.tokens) reply.push_back(token.id);
  const std::vector<TokenDrift> expected =
      in_one_run(kModels + "Q8_0.gguf", kModels + "IQ4_XS.gguf", engine->render(request).tokens, reply);
  REQUIRE(drift.rows.size() == expected.size());
  REQUIRE(expected.size() == reply.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(drift.rows[i].kld == doctest::Approx(expected[i].kld).epsilon(1e-6));
    CHECK(drift.rows[i].rank == expected[i].rank);
    CHECK(drift.rows[i].same_top == expected[i].same_top);
    CHECK(drift.rows[i].log_p == doctest::Approx(expected[i].log_p).epsilon(1e-6));
  }
}

TEST_CASE("a model against itself has no drift, and KV types of one file share its weights") {
  CompareProgram program;
  const Report report =
      program.json({kModels + "Q8_0.gguf", "--kv", "f16,f16,q4_0", "--prompt", "ab", "-n", "70"});
  CHECK(report["panes"][1]["shares_weights_with"] == 0);
  CHECK(report["panes"][2]["kv_type"] == "q4_0");
  CHECK(answer(report, 1)["drift"]["kld"].get<double>() < 1e-6);
  CHECK(answer(report, 1)["drift"]["top1"] == 1.0);
  CHECK(answer(report, 1)["same_as_reference"] == true);
  CHECK(answer(report, 2)["drift"]["kld"].get<double>() > 1e-6);
}

TEST_CASE("text says what fails and the status is that of the gate or of the failure") {
  CompareProgram program;
  const std::string q8 = kModels + "Q8_0.gguf", q4 = kModels + "Q4_K_M.gguf";
  CHECK(program.run({q8, q4, "/gone.gguf", "-p", "ab", "-n", "20"}) == 0);
  CHECK(program.out.str().find("== prompt 1 of 1: ab") == 0);
  CHECK(program.out.str().find("E101") != std::string::npos);
  CHECK(program.err.str().find("gone: E101: /gone.gguf: no such file") != std::string::npos);
  CHECK(program.out.str().find("KLD") != std::string::npos);
  CHECK(program.run({q8, q4, "-p", "ab", "-n", "20", "--gate", "kld<1e-9"}) == 8);
  CHECK(program.err.str().find("gate: ") != std::string::npos);
  CHECK(program.run({q8, q4, "-p", "ab", "-n", "20", "--gate", "kld<100,top1>=0"}) == 0);
  CHECK(program.run({"/gone.gguf", "/gone2.gguf", "-p", "ab"}) == 3);
}

TEST_CASE("a report has a row for every pane, also for one that failed") {
  CompareProgram program;
  const std::string file = (program.dir / "out.json").string();
  CHECK(program.run({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "/gone.gguf", "-p", "ab", "-n", "20",
                     "--report", file}) == 0);
  std::ifstream stream(file);
  const Report report = Report::parse(stream);
  REQUIRE(report["rows"].size() == 3);
  CHECK(report["rows"][1]["figures"]["kld"]["value"].get<double>() > 0);
  CHECK_FALSE(report["rows"][2]["failure"].get<std::string>().empty());
  CHECK(report["prompts"].size() == 1);
}

TEST_CASE("a comparison is made again from its report, and what has changed is said") {
  CompareProgram program;
  const std::string file = (program.dir / "out.json").string(), other = (program.dir / "other.json").string();
  const std::string q8 = kModels + "Q8_0.gguf", q4 = kModels + "Q4_K_M.gguf";
  CHECK(program.refusal({"--replay", "@last"}) == ErrorCode::E501);
  REQUIRE(program.run({q8, q4, "-p", "ab", "-n", "20", "--reference", "B", "--report", file}) == 0);
  CHECK(program.run_as_given({"--replay", file}) == 0);
  CHECK(program.printed("all answers to 1 prompt of 2 panes are as they were"));
  CHECK(program.printed("t/s, were "));
  CHECK(program.run_as_given({"--replay", file, "--gate", "kld<1e-9"}) == 8);

  CHECK(program.run_as_given({"--replay", "@last"}) == 0);
  CHECK(program.printed("all answers to 1 prompt of 2 panes are as they were"));

  Report report = Report::parse(std::ifstream(file));
  Report& replay = report["replay"];
  CHECK(replay["reference"] == 1);
  CHECK(replay["panes"][0]["settings"]["context.ctx"] == 256);
  replay["panes"][1]["file_hash"] = "sha256:0";
  replay["prompts"][0]["answers"][1]["tokens"][2] = 7;
  std::ofstream(other) << report;
  CHECK(program.run_as_given({"--replay", other}) == 0);
  CHECK(program.printed("glm-mini-Q4_K_M: the file is another one"));
  CHECK(program.printed("prompt 1, glm-mini-Q4_K_M: another answer from token 3 on ("));
  CHECK_FALSE(program.printed("prompt 1, glm-mini-Q8_0"));
  CHECK(program.run_as_given({"--replay", other, "-o", "json"}) == 0);
  CHECK(Report::parse(program.out.str())["changes"].size() == 2);

  CHECK(program.refusal({"--replay", file, "-p", "ab"}) == ErrorCode::E501);
  CHECK(program.refusal({"--replay", file, q8, q4}) == ErrorCode::E501);
  CHECK(program.refusal({"--replay", file, "-n", "3"}) == ErrorCode::E501);
  CHECK(program.refusal({"--replay", "/gone.json"}) == ErrorCode::E501);
  for (const char* broken :
       {"", "[]", "{}", R"({"replay": 1})", R"({"replay": {"panes": [], "prompts": []}})"}) {
    CAPTURE(broken);
    std::ofstream(other, std::ios::trunc) << broken;
    CHECK(program.refusal({"--replay", other}) == ErrorCode::E501);
  }
  report["replay"]["reference"] = 2;
  std::ofstream(other, std::ios::trunc) << report;
  CHECK(program.refusal({"--replay", other}) == ErrorCode::E501);
}

TEST_CASE("without a screen blind votes are lines of standard input, and names come after them") {
  CompareProgram program;
  const std::string set = (program.dir / "set.txt").string();
  std::ofstream(set) << "ab\n---\ncd\n";
  const std::vector<std::string> words = {
      kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "--prompts", set, "-n", "5", "--blind"};
  CHECK(program.run(words, "1\n9\nu\n2\nx\n") == 0);
  const std::string text = program.out.str();
  const std::size_t reveal = text.find("== who was who");
  REQUIRE(reveal != text.npos);
  CHECK(text.find("Q8_0") > reveal);
  CHECK(text.find("Q4_K_M") > reveal);
  CHECK(text.find("\"9\" is no vote") < reveal);
  CHECK(text.find("-- [2]") < reveal);
  CHECK(program.err.str().find("Q8_0") == std::string::npos);
  CHECK(program.printed(": 1 won, 0 lost, 1 tied"));
  CHECK(program.printed(": 0 won, 1 lost, 1 tied"));
  CHECK(program.run(words, "") == 0);
  CHECK(program.printed("nobody voted"));
  CHECK(program.refusal({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "--blind"}) == ErrorCode::E501);
  CHECK(program.refusal({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "-p", "a", "--blind", "-o",
                         "json"}) == ErrorCode::E501);
}

TEST_CASE("a profile of -P goes for the models beside it") {
  CompareProgram program;
  std::ofstream(program.dir / "profiles.toml")
      << "schema = 1\n[profile.short]\nmodel.path = \"/gone.gguf\"\nsampling.max_tokens = 3\n";
  const Report report =
      program.json({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "-p", "ab", "-P", "short"});
  CHECK(program.status == 0);
  CHECK(answer(report, 0)["text"].is_string());
  CHECK(report["settings"]["max_tokens"] == 3);
  CHECK(report["panes"][1]["label"] == "glm-mini-Q4_K_M");
  CHECK(program.refusal({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "-p", "ab", "-P", "gone"}) ==
        ErrorCode::E602);
}

TEST_CASE("a set of prompts is run to its end, with what was expected") {
  CompareProgram program;
  std::ofstream(program.dir / "set.jsonl") << "{\"id\": \"one\", \"prompt\": \"ab\", \"expect\": {\"regex\": "
                                              "\".\"}}\n{\"id\": \"two\", \"prompt\": \"cd\"}\n";
  const std::string set = (program.dir / "set.jsonl").string();
  const std::string q8 = kModels + "Q8_0.gguf", q4 = kModels + "Q4_K_M.gguf";
  const Report report = program.json({q8, q4, "--prompts", set, "-n", "10", "--reference", "B"});
  CHECK(report["set"] == "set.jsonl");
  CHECK(report["settings"]["reference"] == 1);
  CHECK(report["prompts"][1]["id"] == "two");
  CHECK(answer(report, 0, 1)["drift"]["complete"] == true);
  CHECK(answer(report, 1, 1)["drift"].is_null());
  CHECK(answer(report, 0)["expected"].is_boolean());

  CHECK(program.run({q8, q4, "--prompts", set, "-n", "5", "-o", "jsonl"}) == 0);
  std::istringstream lines(program.out.str());
  std::map<std::string, int> kinds;
  for (std::string line; std::getline(lines, line);) ++kinds[Report::parse(line)["t"].get<std::string>()];
  CHECK(kinds["load"] == 2);
  CHECK(kinds["tok"] == 20);
  CHECK(kinds["answer"] == 4);
  CHECK(kinds["drift"] == 2);
  CHECK(kinds["end"] == 1);
}

TEST_CASE("an interrupt leaves a partial result that says so") {
  CompareProgram program;
  const std::string file = (program.dir / "out.json").string();
  std::istringstream in;
  Console console{in, program.out, program.err};
  console.in_is_terminal = true;
  // Signals are blocked before this one is sent, so it waits for the comparison to take it.
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  ::kill(::getpid(), SIGINT);
  const std::vector<std::string> words = {"compare",
                                          kModels + "Q8_0.gguf",
                                          kModels + "Q4_K_M.gguf",
                                          "-p",
                                          "ab",
                                          "-c",
                                          "256",
                                          "-t",
                                          "1",
                                          "-o",
                                          "json",
                                          "--report",
                                          file};
  CHECK(run_program(parse_arguments(words), program.source, console) == 128 + SIGINT);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const Report report = Report::parse(program.out.str());
  CHECK(report["partial"] == true);
  CHECK(answer(report, 0)["state"] == "stopped");
  std::ifstream stream(file);
  CHECK(Report::parse(stream)["partial"] == true);
}

TEST_CASE("command lines that make no sense are refused") {
  const auto refusal = [](std::vector<std::string> words) {
    CompareProgram program;
    try {
      program.run(std::move(words));
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::E501);
      return std::string(error.what());
    }
    FAIL("nothing was thrown");
    return std::string();
  };
  CHECK(refusal({"spark"}).find("name 2 to 4") != std::string::npos);
  CHECK(refusal({"spark", "spark:q8_0"}).find("there is no prompt") != std::string::npos);
  CHECK(refusal({"spark", "spark:q8_0", "-p", "x", "--reference", "3"}).find("panes 1 to 2") !=
        std::string::npos);
  CHECK(refusal({"spark", "spark:q8_0", "-p", "x", "--gate", "speed<3"}).find("--gate") == 0);
  CHECK(refusal({"spark", "spark:q8_0", "-p", "x", "--report", "x.doc"}).find(".doc") != std::string::npos);
  CHECK(refusal({"spark", "spark:q8_0", "-p", "x", "--prompts", "y"}).find("both given") !=
        std::string::npos);
  CHECK(refusal({"spark", "spark:q8_0", "-p", "x", "--mode", "both"}).find("--mode") != std::string::npos);
}

}  // namespace glim::app
