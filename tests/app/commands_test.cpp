#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "app/commands.h"
#include "engine/base/error.h"
#include "tests/app/chat_fixture.h"

namespace glim::app {

TEST_CASE("every command is lower case, unique and documented") {
  std::set<std::string> seen;
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    std::string names(command.name);
    if (!command.aliases.empty()) names += " " + std::string(command.aliases);
    std::istringstream words(names);
    for (std::string name; words >> name;) {
      CHECK(seen.insert(name).second);
      CHECK(std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; }));
    }
    CHECK(!command.help.empty());
    CHECK((command.run != nullptr));
    CHECK((command.argument == ArgumentKind::none) == command.arguments.empty());
  }
}

TEST_CASE("a command is found by name, alias or a beginning that is its own") {
  CHECK(command_named("retry").name == "retry");
  CHECK(command_named("regen").name == "retry");
  CHECK(command_named("q").name == "quit");
  CHECK(command_named("pro").name == "profile");
  CHECK(command_named("ex").name == "quit");
  CHECK_THROWS_AS(command_named("s"), Error);
  CHECK_THROWS_AS(command_named(""), Error);
}

TEST_CASE("an unknown command names the nearest three") {
  try {
    command_named("cler");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "unknown command /cler");
    CHECK(error.help().find("/clear") != std::string::npos);
    CHECK(std::count(error.help().begin(), error.help().end(), '/') == 4);
  }
}

TEST_CASE("a beginning that several commands share names them") {
  try {
    command_named("st");
    command_named("s");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "/s may be /system, /stats, /set; write more of it");
  }
}

TEST_CASE("what a command asks of the screen is its result") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  CHECK(chat.submit("/help") == CommandResult::show_help);
  CHECK(chat.submit("/profile") == CommandResult::pick_profile);
  CHECK(chat.submit("/quit") == CommandResult::quit);
  CHECK(chat.submit("/bye") == CommandResult::quit);
  CHECK(chat.submit("/help ctx") == CommandResult::done);
  CHECK(fixture.conversation().find("notice: /ctx [N]") == 0);
}

TEST_CASE("a slash alone asks for help and is never sent") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  CHECK(chat.submit("/") == CommandResult::show_help);
  CHECK(chat.submit("/ ") == CommandResult::show_help);
  CHECK(fixture.conversation().empty());
}

TEST_CASE("a command without a value shows the one in force") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/ctx");
  chat.submit("/set temp");
  CHECK(fixture.conversation().find("notice: context.ctx = 512 (512 tokens are in force)\n") == 0);
  CHECK(fixture.conversation().find("notice: sampling.temp = ") != std::string::npos);
  chat.submit("/set");
  CHECK(fixture.conversation().find("error: GLIM-E501: /set: no key is given") != std::string::npos);
}

TEST_CASE("a mistake in a command is an error in the conversation") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("/nope");
  CHECK(fixture.conversation().find("error: GLIM-E501: unknown command /nope\nhelp: ") == 0);
  CHECK(fixture.engine().requests.empty());
}

TEST_CASE("two slashes send a message that begins with one") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("//etc is a folder");
  CHECK(fixture.conversation() == "user: /etc is a folder\nassistant: \n");
}

TEST_CASE("completion offers commands, then what the command takes") {
  ChatFixture fixture;
  Chat& chat = fixture.start();
  const auto texts = [&](const std::string& draft, std::size_t begin) {
    std::vector<std::string> out;
    for (const auto& [text, description] : command_completions(chat, draft, begin)) out.push_back(text);
    return out;
  };
  CHECK(texts("/st", 0) == std::vector<std::string>{"/stats"});
  CHECK(texts("/", 0).size() == commands().size());
  CHECK(texts("/profile a-", 9) == std::vector<std::string>{"a-long", "a-cool"});
  CHECK(texts("/kv q8", 4) == std::vector<std::string>{"q8_0"});
  CHECK(texts("/think o", 7) == std::vector<std::string>{"on", "off"});
  CHECK(texts("/set sampling.te", 5) == std::vector<std::string>{"sampling.temp="});
  CHECK(texts("hello", 0).empty());
  CHECK(texts("/clear x", 7).empty());
}

TEST_CASE("the help text has a row for every command") {
  const std::string text = commands_text();
  for (const Command& command : commands())
    CHECK(text.find("/" + std::string(command.name)) != std::string::npos);
}

}  // namespace glim::app
