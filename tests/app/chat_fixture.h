#pragma once

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "app/chat.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {

/// A chat over scripted engines, with the files that its profiles name.
struct ChatFixture {
  explicit ChatFixture(const std::string& extra = {}) {
    for (const char* name : {"a.gguf", "b.gguf"}) std::ofstream(dir / name) << "x";
    std::istringstream text(
        "schema = 1\ndefault = \"a\"\n"
        "[profile.a]\ndescription = \"the first\"\nmodel.path = \"a.gguf\"\ncontext.ctx = 512\n"
        "[profile.a-long]\ninherits = \"a\"\ncontext.ctx = 1024\n"
        "[profile.a-cool]\ninherits = \"a\"\nsampling.temp = 0.2\n"
        "[profile.b]\ndescription = \"the second\"\nmodel.path = \"b.gguf\"\nsampling.temp = 0.5\n"
        "[profile.gone]\nmodel.path = \"gone.gguf\"\n" +
        extra);
    setup.profiles.add(parse_profiles(text, dir / "profiles.toml"));
    setup.places.installed = dir.path();
  }

  /// A chat whose first model is loaded.
  Chat& start() {
    chat.emplace(source, setup);
    chat->start();
    engine().post(Ready{});
    chat->poll();
    return *chat;
  }

  FakeEngine& engine() { return source.last(); }

  /// One question with a whole answer.
  void ask(const std::string& question, const std::vector<std::string>& answer) {
    engine().replies.push_back({answer, FinishReason::end_of_turn});
    chat->submit(question);
    chat->poll();
  }

  /// The turns as "kind: text" lines.
  std::string conversation() const {
    constexpr const char* kNames[] = {"user", "assistant", "notice", "error"};
    std::string out;
    for (const Turn& turn : chat->session().turns())
      out += std::string(kNames[static_cast<std::size_t>(turn.kind)]) + ": " + turn.text + "\n";
    return out;
  }

  TempDir dir;
  FakeSource source;
  Chat::Setup setup;
  std::optional<Chat> chat;
};

}  // namespace glim::app
