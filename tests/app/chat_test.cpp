#include <doctest/doctest.h>

#include "app/commands.h"
#include "engine/base/error.h"
#include "tests/app/chat_fixture.h"

namespace glim::app {

TEST_CASE("a question is answered in pieces") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("Hello there");
  CHECK(chat.session().busy());
  CHECK(fixture.engine().requests.size() == 1);
  fixture.engine().post_pieces({"Hi", " you"});
  chat.poll();
  CHECK(fixture.conversation() == "user: Hello there\nassistant: Hi you\n");
  CHECK(chat.session().turns().back().running);
  fixture.engine().post_finish();
  chat.poll();
  CHECK(!chat.session().busy());
  const Turn& turn = chat.session().turns().back();
  CHECK(!turn.running);
  CHECK(turn.finish == FinishReason::end_of_turn);
  CHECK(turn.stats.generated_tokens == 2);
  CHECK(turn.label == "a");
  CHECK(ending_text(turn).empty());
  CHECK(timing_text(turn).find("2 tok") == 0);
}

TEST_CASE("every request carries the whole conversation, the thinking apart") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.engine().start = ReplyState::thinking;
  fixture.ask("one", {"hm", "</think>", "answer"});
  CHECK(chat.session().turns().back().thinking == "hm");
  CHECK(chat.session().turns().back().thinking_tokens >= 1);
  CHECK(!chat.session().turns().back().thinking_now);
  chat.submit("two");
  const ChatRequest& request = fixture.engine().rendered.back();
  REQUIRE(request.messages.size() == 3);
  CHECK(request.messages[0].content == "one");
  CHECK(request.messages[1].role == "assistant");
  CHECK(request.messages[1].content == "answer");
  CHECK(request.messages[1].thinking == "hm");
  CHECK(request.messages[2].content == "two");
}

TEST_CASE("what the profile asks for goes with the request") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/set sampling.temp=0.25");
  chat.submit("/set max_tokens=7");
  chat.submit("/set sampling.stop=END");
  chat.submit("/set think_budget=5");
  chat.submit("/think off");
  chat.submit("/system Be brief.");
  chat.submit("hello");
  const Request& request = fixture.engine().requests.back();
  CHECK(request.sampling.temp == doctest::Approx(0.25));
  CHECK(request.max_tokens == 7);
  CHECK(request.stop == std::vector<std::string>{"END"});
  CHECK(request.think_budget == 5);
  const ChatRequest& rendered = fixture.engine().rendered.back();
  CHECK(rendered.thinking == false);
  CHECK(rendered.messages[0].role == "system");
  CHECK(rendered.messages[0].content == "Be brief.");
  CHECK(fixture.engine().reconfigured.empty());
  CHECK(fixture.source.engines.size() == 1);
}

TEST_CASE("a stopped answer keeps what it has and stays in the conversation") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  CHECK(!chat.stop());
  chat.submit("tell me all");
  fixture.engine().post_pieces({"first"});
  chat.poll();
  CHECK(chat.stop());
  CHECK(chat.session().stopping());
  CHECK(fixture.engine().cancelled.size() == 1);
  fixture.engine().post_finish(FinishReason::cancelled);
  chat.poll();
  CHECK(!chat.session().busy());
  CHECK(ending_text(chat.session().turns().back()) == "stopped");
  chat.submit("go on");
  CHECK(fixture.engine().rendered.back().messages[1].content == "first");
}

TEST_CASE("retry asks the same question again without the old answer") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"bad"});
  chat.submit("/retry");
  CHECK(fixture.engine().rendered.back().messages.size() == 1);
  fixture.engine().post_pieces({"good"});
  fixture.engine().post_finish();
  chat.poll();
  CHECK(fixture.conversation() == "user: one\nassistant: good\n");
  chat.submit("/clear");
  chat.submit("/retry");
  CHECK(fixture.conversation() == "notice: there is no answer to write again\n");
}

TEST_CASE("a chat that gave its engine back keeps its conversation and goes on with it") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  const PaneWishes wishes = chat.wishes_with("spark:q8_0");
  CHECK(wishes.words == std::vector<std::string>{"a", "spark:q8_0"});
  chat.rest();
  CHECK(chat.slot().engine() == nullptr);
  CHECK(chat.wake_fds().empty());
  chat.submit("two");
  CHECK(chat.queued().size() == 1);
  chat.wake();
  fixture.engine().replies.push_back({{"2"}, FinishReason::end_of_turn});
  fixture.engine().post(Ready{});
  chat.poll();
  chat.poll();
  CHECK(fixture.source.engines.size() == 2);
  CHECK(fixture.engine().rendered.back().messages.size() == 3);
  CHECK(fixture.conversation() == "user: one\nassistant: 1\nuser: two\nassistant: 2\n");
}

TEST_CASE("when the model is gone after a comparison the conversation is not") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  chat.rest();
  fixture.source.plan_error = Error(ErrorCode::E101, "a.gguf: no such file");
  chat.wake();
  CHECK(fixture.conversation() == "user: one\nassistant: 1\nerror: GLIM-E101: a.gguf: no such file\n");
}

TEST_CASE("undo takes the last question and its answer back") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  fixture.ask("two", {"2"});
  chat.submit("/undo");
  CHECK(fixture.conversation() == "user: one\nassistant: 1\n");
  chat.submit("/undo");
  chat.submit("/undo");
  CHECK(fixture.conversation() == "notice: there is nothing to take back\n");
}

TEST_CASE("clearing while an answer is being written ends it without a trace") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("one");
  fixture.engine().post_pieces({"a"});
  chat.poll();
  chat.submit("/clear");
  CHECK(chat.session().turns().empty());
  fixture.engine().post_pieces({"b"});
  fixture.engine().post_finish(FinishReason::cancelled);
  chat.poll();
  CHECK(chat.session().turns().empty());
  fixture.ask("two", {"2"});
  CHECK(fixture.conversation() == "user: two\nassistant: 2\n");
}

TEST_CASE("messages wait while an answer is being written") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("one");
  chat.submit("two");
  chat.submit("three");
  CHECK(chat.queued().size() == 2);
  CHECK(chat.take_back() == "three");
  fixture.engine().post_pieces({"1"});
  fixture.engine().post_finish();
  chat.poll();
  CHECK(chat.queued().empty());
  CHECK(fixture.conversation() == "user: one\nassistant: 1\nuser: two\nassistant: \n");
}

TEST_CASE("messages wait while the model is being loaded") {
  ChatFixture fixture;
  fixture.chat.emplace(fixture.source, fixture.setup);
  Chat& chat = *fixture.chat;
  chat.start();
  chat.submit("early");
  CHECK(chat.queued().size() == 1);
  fixture.engine().post(Loading{LoadStage::weights, 1, 4});
  chat.poll();
  REQUIRE(chat.slot().loading() != nullptr);
  CHECK(chat.slot().loading()->stages.back().total == 4);
  fixture.engine().post(Ready{});
  chat.poll();
  CHECK(fixture.conversation() == "user: early\nassistant: \n");
}

TEST_CASE("a message that does not fit is given back and the conversation stays") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  fixture.engine().numbers.ctx = 6;
  chat.submit("this is far too long for it");
  CHECK(chat.take_unsent() == "this is far too long for it");
  CHECK(fixture.conversation() ==
        "user: one\nassistant: 1\nerror: GLIM-E401: the conversation has 12 tokens with this message, the "
        "context holds "
        "6\nhelp: take something back with /undo, start over with /clear, or give it more room with /ctx\n");
  CHECK(!chat.session().busy());
}

TEST_CASE("a template that fails leaves the conversation as it was") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.engine().render_error = "template: boom";
  chat.submit("one");
  CHECK(fixture.conversation() == "error: GLIM-E402: template: boom\n");
  fixture.engine().render_error.reset();
  fixture.ask("one", {"1"});
  CHECK(fixture.conversation().find("user: one\nassistant: 1\n") != std::string::npos);
}

TEST_CASE("a generation that fails keeps what has come") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("one");
  fixture.engine().post_pieces({"half"});
  fixture.engine().post(Failed{1, ErrorCode::E403, "layer 3 gave values that are not finite", ""});
  chat.poll();
  CHECK(fixture.conversation() ==
        "user: one\nassistant: half\nerror: GLIM-E403: layer 3 gave values that are not finite\n");
  CHECK(ending_text(chat.session().turns()[1]) == "failed");
  fixture.ask("two", {"2"});
  CHECK(!chat.session().busy());
}

TEST_CASE("a device that is lost costs an answer, not the conversation: the model is loaded again, once") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  const auto lose = [&] {
    chat.submit("two");
    fixture.engine().post(Failed{1, ErrorCode::E302, "computing: device lost", ""});
    chat.poll();
  };
  lose();
  REQUIRE(fixture.source.engines.size() == 2);
  CHECK(chat.slot().engine() == nullptr);
  fixture.engine().post(Ready{});
  chat.poll();
  REQUIRE(chat.slot().engine() != nullptr);
  CHECK(fixture.conversation() ==
        "user: one\nassistant: 1\nuser: two\nassistant: \nerror: GLIM-E302: computing: device lost\n"
        "notice: the device was lost: the model is being loaded again, the conversation stays\n");
  lose();
  CHECK(fixture.source.engines.size() == 2);
  CHECK(chat.slot().engine() != nullptr);
}

TEST_CASE("another profile with another model takes over when it is ready, with the conversation") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  FakeEngine& first = fixture.engine();
  chat.submit("/profile b");
  CHECK(fixture.source.engines.size() == 2);
  CHECK(chat.slot().engine() == &first);
  CHECK(chat.slot().loading() != nullptr);
  fixture.engine().post(Ready{});
  chat.poll();
  CHECK(chat.slot().engine() == &fixture.engine());
  CHECK(chat.session().profile().name == "b");
  CHECK(fixture.engine().options.model == (fixture.dir / "b.gguf").string());
  chat.submit("two");
  CHECK(fixture.engine().rendered.back().messages.size() == 3);
  CHECK(fixture.engine().requests.back().sampling.temp == doctest::Approx(0.5));
}

TEST_CASE("a model that fails to load leaves the old one running") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  FakeEngine& first = fixture.engine();
  chat.submit("/profile b");
  fixture.engine().post(Failed{std::nullopt, ErrorCode::E104, "b.gguf: ends early", "download it again"});
  chat.poll();
  CHECK(chat.slot().engine() == &first);
  CHECK(chat.slot().loading() == nullptr);
  CHECK(chat.session().profile().name == "a");
  CHECK(fixture.conversation() ==
        "error: GLIM-E104: b.gguf: ends early\nhelp: download it again\nnotice: a keeps running\n");
  chat.submit("still there?");
  CHECK(first.requests.size() == 1);
}

TEST_CASE("a profile whose file is missing is refused before anything changes") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/profile gone");
  CHECK(fixture.source.engines.size() == 1);
  CHECK(fixture.conversation().find("error: GLIM-E101: ") == 0);
  chat.submit("/profile nowhere");
  CHECK(fixture.conversation().find("GLIM-E602: profile \"nowhere\" does not exist") != std::string::npos);
  CHECK(chat.session().profile().name == "a");
  chat.submit("/set temp=0.3");
  CHECK(chat.session().profile().name == "a");
}

TEST_CASE("a load can be cancelled") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  CHECK(!chat.cancel_load());
  chat.submit("/profile b");
  CHECK(chat.cancel_load());
  CHECK(chat.slot().loading() == nullptr);
  CHECK(chat.session().profile().name == "a");
  CHECK(fixture.conversation() == "notice: loading cancelled; a keeps running\n");
}

TEST_CASE("a loaded model waits until the running answer has ended") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  FakeEngine& first = fixture.engine();
  chat.submit("one");
  chat.submit("/profile b");
  fixture.engine().post(Ready{});
  chat.poll();
  CHECK(chat.slot().engine() == &first);
  first.post_pieces({"1"});
  first.post_finish();
  chat.poll();
  CHECK(chat.slot().engine() == &fixture.engine());
  CHECK(fixture.conversation() == "user: one\nassistant: 1\n");
}

TEST_CASE("only sampling differs: the change is at once and without a load") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/profile a-cool");
  CHECK(fixture.source.engines.size() == 1);
  CHECK(fixture.engine().reconfigured.empty());
  CHECK(chat.session().profile().name == "a-cool");
  CHECK(chat.session().profile().sampling.temp == doctest::Approx(0.2));
}

TEST_CASE("only the context differs: the cache is rebuilt on the same weights") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/profile a-long");
  CHECK(fixture.source.engines.size() == 1);
  REQUIRE(fixture.engine().reconfigured.size() == 1);
  CHECK(fixture.engine().reconfigured[0].ctx == 1024);
  CHECK(chat.session().profile().name == "a");
  chat.submit("early");
  CHECK(fixture.engine().requests.empty());
  fixture.engine().post(Rebuilt{});
  chat.poll();
  CHECK(chat.session().profile().name == "a-long");
  CHECK(fixture.engine().requests.size() == 1);
}

TEST_CASE("the cache is not rebuilt under a running answer") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("one");
  chat.submit("/ctx 1k");
  chat.submit("/profile a-long");
  CHECK(fixture.engine().reconfigured.empty());
  CHECK(fixture.conversation().find("stop it first (Esc)") != std::string::npos);
  CHECK(chat.session().busy());
}

TEST_CASE("a cache that cannot be rebuilt leaves the old one") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/ctx 1k");
  fixture.engine().post(Failed{std::nullopt, ErrorCode::E201, "1024 tokens need 9 GiB", ""});
  chat.poll();
  CHECK(chat.session().profile().ctx == 512);
  chat.submit("/set temp=0.3");
  CHECK(fixture.engine().reconfigured.size() == 1);
  CHECK(fixture.conversation().find("error: GLIM-E201: 1024 tokens need 9 GiB\nnotice: a keeps running\n") !=
        std::string::npos);
  chat.submit("/clear");
  fixture.ask("one", {"1"});
  CHECK(!chat.session().busy());
}

TEST_CASE("what was set by hand stays in force under another profile, the model does not") {
  ChatFixture fixture;
  fixture.setup.overrides["sampling.seed"] = Setting{7, "--seed"};
  Chat& chat = fixture.start();
  chat.submit("/set temp=0.9");
  chat.submit("/profile b");
  fixture.engine().post(Ready{});
  chat.poll();
  CHECK(chat.session().profile().sampling.temp == doctest::Approx(0.9));
  CHECK(chat.session().profile().sampling.seed == 7u);
  CHECK(fixture.conversation().find("still in force: sampling.seed = 7, sampling.temp = 0.9") !=
        std::string::npos);
}

TEST_CASE("a model on the command line stands for itself, without the default profile") {
  ChatFixture fixture;
  fixture.setup.overrides["model.path"] = Setting{(fixture.dir / "b.gguf").string(), "--model"};
  Chat& chat = fixture.start();
  CHECK(chat.slot().running().name.empty());
  CHECK(fixture.engine().options.ctx == 1024);
  chat.submit("/profile a");
  CHECK(fixture.engine().options.model == (fixture.dir / "a.gguf").string());
}

TEST_CASE("the usual context is what the model was trained for, at most 8192") {
  ChatFixture fixture;
  fixture.source.trained_ctx = 202752;
  fixture.setup.profile = "b";
  fixture.start();
  CHECK(fixture.engine().options.ctx == 8192);
  fixture.source.trained_ctx = 700;
  fixture.start();
  CHECK(fixture.engine().options.ctx == 700);
}

TEST_CASE("thinking that a model cannot switch on is said to have no effect") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/think on");
  CHECK(fixture.conversation() == "notice: chat.think = on\n");
  fixture.engine().model.thinks = false;
  chat.submit("/think off");
  chat.submit("/think on");
  CHECK(fixture.conversation().find("has no effect") != std::string::npos);
}

TEST_CASE("numbers of the session are shown by /stats") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"1"});
  chat.submit("/stats");
  const std::string text = chat.session().turns().back().text;
  CHECK(text.find("Fake, fake, Q8_0, template: built-in fake") != std::string::npos);
  CHECK(text.find("context    0 of 512 tokens") != std::string::npos);
}

}  // namespace glim::app
