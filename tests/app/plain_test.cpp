#include <doctest/doctest.h>

#include <sstream>

#include "app/plain.h"
#include "tests/app/chat_fixture.h"

namespace glim::app {
namespace {

struct PlainFixture : ChatFixture {
  /// Runs the lines through a plain chat whose engine gives these answers.
  int run(const std::string& lines, std::deque<FakeEngine::Reply> replies, bool out_is_terminal) {
    source.prepare = [replies](FakeEngine& engine) {
      engine.replies = replies;
      engine.post(Loading{LoadStage::weights, 10, 10});
      engine.post(Ready{});
    };
    std::istringstream in(lines);
    Console console{in, out, err};
    console.out_is_terminal = out_is_terminal;
    Signals signals;
    chat.emplace(source, setup);
    chat->start();
    return run_plain_chat(*chat, console, signals);
  }

  std::ostringstream out, err;
};

}  // namespace

TEST_CASE("in a pipe only the answers are written, one line of input at a time") {
  PlainFixture fixture;
  CHECK(fixture.run("one\n\ntwo", {{{"first ", "answer"}}, {{"second"}}}, false) == 0);
  CHECK(fixture.out.str() == "first answer\nsecond\n");
  CHECK(fixture.err.str().empty());
}

TEST_CASE("at a terminal the turns are named and followed by numbers") {
  PlainFixture fixture;
  CHECK(fixture.run("one\n", {{{"<think>", "hm", "</think>", "yes"}}}, true) == 0);
  const std::string text = fixture.out.str();
  CHECK(text.find("User: one\nAssistant: (thought ") == 0);
  CHECK(text.find(")\nyes\n[4 tokens, 1.50 t/s, prefill 4.00 t/s, first token ") != std::string::npos);
  CHECK(text.find("context <1% of") == std::string::npos);
  CHECK(fixture.err.str().find("glim: loading a.gguf 10.00 MiB: done in ") == 0);
}

TEST_CASE("commands work in plain lines and their text goes to standard error") {
  PlainFixture fixture;
  CHECK(fixture.run("/stats\n/nope\n/quit\nnever sent\n", {}, false) == 0);
  CHECK(fixture.out.str().empty());
  CHECK(fixture.err.str().find("glim: model      Fake") == 0);
  CHECK(fixture.err.str().find("glim: error GLIM-E501: unknown command /nope") != std::string::npos);
  CHECK(fixture.engine().requests.empty());
}

TEST_CASE("what the model writes cannot command a terminal") {
  PlainFixture fixture;
  fixture.run("one\n", {{{"a\x1b[2Jb"}}}, true);
  CHECK(fixture.out.str().find('\x1b') == std::string::npos);
}

TEST_CASE("a model that cannot be loaded ends a pipe with the status of its error") {
  PlainFixture fixture;
  fixture.source.prepare = [](FakeEngine& engine) {
    engine.post(Failed{std::nullopt, ErrorCode::E201, "does not fit", ""});
  };
  std::istringstream in("one\n");
  Console console{in, fixture.out, fixture.err};
  Signals signals;
  fixture.chat.emplace(fixture.source, fixture.setup);
  fixture.chat->start();
  CHECK(run_plain_chat(*fixture.chat, console, signals) == 4);
  CHECK(fixture.err.str() == "glim: error GLIM-E201: does not fit\n");
}

}  // namespace glim::app
