#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/one_shot.h"
#include "app/program.h"
#include "engine/base/error.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

/// The whole program with scripted engines, away from the user's own files.
struct ProgramFixture {
  ProgramFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR"})
      setenv(name, dir.path().c_str(), 1);
    std::ofstream(dir / "m.gguf") << "x";
    source.prepare = [this](FakeEngine& engine) {
      engine.start = start;
      engine.replies = replies;
      engine.rendered_too = &rendered;
      engine.post(Ready{});
    };
  }
  ~ProgramFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR"}) unsetenv(name);
  }

  int run(std::vector<std::string> words, const std::string& input = {}) {
    std::istringstream in(input);
    out.str("");
    err.str("");
    Console console{in, out, err};
    console.in_is_terminal = input.empty();
    return run_program(parse_arguments(words), source, console);
  }

  std::string model() const { return (dir / "m.gguf").string(); }

  TempDir dir;
  FakeSource source;
  std::deque<FakeEngine::Reply> replies;
  ReplyState start = ReplyState::content;
  std::vector<ChatRequest> rendered;
  std::ostringstream out, err;
};

}  // namespace

TEST_CASE("run writes the answer and nothing else") {
  ProgramFixture program;
  program.start = ReplyState::thinking;
  program.replies = {{{"hm", "</think>", "It is", " 4."}}};
  CHECK(program.run({"run", "-m", program.model(), "what", "is 2+2"}) == 0);
  CHECK(program.out.str() == "It is 4.\n");
  CHECK(program.err.str().empty());
}

TEST_CASE("run takes standard input as an attachment behind the words") {
  ProgramFixture program;
  program.replies = {{{"ok"}}};
  program.run({"run", "-m", program.model(), "summarise"}, "a file\nof two lines\n");
  CHECK(program.out.str() == "ok\n");
  CHECK(program.rendered.at(0).messages.at(0).content == "summarise\n\na file\nof two lines");
}

TEST_CASE("run shows the thinking where it is asked to") {
  ProgramFixture program;
  program.start = ReplyState::thinking;
  program.replies = {{{"hm", "</think>", "yes"}}};
  program.run({"run", "-m", program.model(), "--think", "inline", "x"});
  CHECK(program.out.str() == "<think>hm</think>\nyes\n");
  program.run({"run", "-m", program.model(), "--think", "stderr", "x"});
  CHECK(program.out.str() == "yes\n");
  CHECK(program.err.str() == "hm\n");
}

TEST_CASE("run gives one JSON object or one line per event") {
  ProgramFixture program;
  program.replies = {{{"a", "b"}, FinishReason::max_tokens}};
  program.run({"run", "-m", program.model(), "-o", "json", "x"});
  const Json all = Json::parse(program.out.str());
  CHECK(all["text"] == "ab");
  CHECK(all["finish"] == "token_limit");
  CHECK(all["tokens"] == 2);
  CHECK(all["usage"]["generated_tokens"] == 2);

  program.run({"run", "-m", program.model(), "-o", "jsonl", "x"});
  std::istringstream lines(program.out.str());
  std::vector<std::string> kinds;
  for (std::string line; std::getline(lines, line);) kinds.push_back(Json::parse(line)["t"]);
  CHECK(kinds == std::vector<std::string>{"prefill", "tok", "tok", "end"});
}

TEST_CASE("a batch gives one JSON object per line in order") {
  ProgramFixture program;
  std::ofstream(program.dir / "batch.jsonl")
      << R"({"messages":[{"role":"user","content":"one"}],"thinking":false})"
      << "\n\n"
      << R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]})"
      << "\n";
  program.replies = {{{"1"}}, {{"2"}}};
  CHECK(program.run({"run", "-m", program.model(), "--batch", (program.dir / "batch.jsonl").string()}) == 0);
  std::istringstream lines(program.out.str());
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(Json::parse(first) ==
        Json{{"text", "1"}, {"thinking", ""}, {"finish", "end_of_turn"}, {"tokens", 1}});
  CHECK(Json::parse(second)["text"] == "2");
  CHECK(program.rendered.at(0).thinking == false);
  CHECK(!program.rendered.at(1).thinking);
  CHECK(program.rendered.at(1).messages.size() == 3);
}

TEST_CASE("a batch line that is no request names its place") {
  ProgramFixture program;
  for (const char* line : {"no json", "{}", R"({"messages":[]})", R"({"messages":[{"role":"user"}]})",
                           R"({"messages":[{"role":"user","content":"x"}],"thinking":1})"}) {
    CAPTURE(line);
    std::ofstream(program.dir / "batch.jsonl") << line << "\n";
    try {
      program.run({"run", "-m", program.model(), "--batch", (program.dir / "batch.jsonl").string()});
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::E501);
      CHECK(std::string(error.what()).find("batch.jsonl:1: ") != std::string::npos);
    }
  }
}

TEST_CASE("a time limit stops the answer with status 124 and keeps what has come") {
  ProgramFixture program;
  // Nothing ever comes, so only the limit can end this.
  program.source.prepare = [](FakeEngine& engine) {
    engine.post(Ready{});
    engine.answer_cancel = true;
  };
  CHECK(program.run({"run", "-m", program.model(), "--timeout", "0.01", "x"}) == 124);
}

TEST_CASE("errors carry the exit status of their class") {
  ProgramFixture program;
  const auto status = [&](std::vector<std::string> words) {
    try {
      return program.run(std::move(words));
    } catch (const Error& error) {
      return exit_status(error.code());
    }
  };
  CHECK(status({"run", "-m", "/nonexistent.gguf", "x"}) == 3);
  CHECK(status({"run", "-P", "nope", "x"}) == 6);
  CHECK(status({"run", "--bogus", "x"}) == 2);
  CHECK(status({"run", "-m", program.model()}) == 2);
  program.source.plan_error = Error(ErrorCode::E201, "too big");
  CHECK(status({"run", "-m", program.model(), "x"}) == 4);
  program.source.plan_error.reset();
  std::ofstream(program.dir / "profiles.toml") << "schema = 1\n[profile.x]\nnope = 1\n";
  CHECK(status({"profiles", "list"}) == 6);
}

TEST_CASE("profiles are listed, shown with their origin, and checked") {
  ProgramFixture program;
  std::ofstream(program.dir / "profiles.toml")
      << "schema = 1\ndefault = \"x\"\n[profile.base]\nabstract = true\nsampling.temp = 0.3\n"
         "[profile.x]\ninherits = \"base\"\ndescription = \"mine\"\n";
  CHECK(program.run({"profiles", "list"}) == 0);
  CHECK(program.out.str() == "x *                      mine\n");
  CHECK(program.run({"profiles", "show", "x", "--origin", "--json"}) == 0);
  const Json table = Json::parse(program.out.str());
  CHECK(table["sampling.temp"] == Json{{"value", 0.3}, {"origin", "profiles.toml:5"}});
  CHECK(table["kv.type_k"] == Json{{"value", "f16"}, {"origin", "built-in"}});
  CHECK(program.run({"profiles", "check"}) == 0);
  CHECK(program.out.str() == "2 profiles, no mistakes\n");
}

TEST_CASE("the engine can be looked into: tokens and logits") {
  ProgramFixture program;
  program.run({"debug", "tokenize", "-m", program.model()}, "AB");
  CHECK(program.out.str() == "[65,66]\n");
  program.run({"debug", "tokenize", "-m", program.model(), "--special"}, "A");
  CHECK(program.out.str() == "[65,-1]\n");
  const std::string file = (program.dir / "logits").string();
  CHECK(program.run({"debug", "logits", "-m", program.model(), "--tokens", "1, 2 3", "--out", file, "--chunk",
                     "2"}) == 0);
  CHECK(std::filesystem::file_size(file) == 3 * 4 * sizeof(float));
  CHECK(program.source.planned.back().batch == 2);
  CHECK_THROWS_AS(program.run({"debug", "logits", "-m", program.model(), "--tokens", "x", "--out", file}),
                  Error);
}

TEST_CASE("the folders of the program can be printed") {
  ProgramFixture program;
  CHECK(program.run({"paths"}) == 0);
  CHECK(program.out.str().find("config    " + program.dir.path().string()) == 0);
}

}  // namespace glim::app
