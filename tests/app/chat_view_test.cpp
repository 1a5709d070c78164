#include <doctest/doctest.h>

#include <algorithm>

#include "app/chat_view.h"
#include "app/commands.h"
#include "app/key_bindings.h"
#include "app/transcript.h"
#include "tests/app/chat_fixture.h"

namespace glim::app {
namespace {

struct ViewFixture : ChatFixture {
  using ChatFixture::ChatFixture;

  /// The screen as text; times of day become hh:mm, the time spent thinking becomes T.
  std::string screen(ui::Size size, const ViewState& state = {}) {
    transcript.update(chat->session().turns(), chat->session().profile());
    ui::ChatScreen data = chat_screen(*chat, state, ui::kUnicodeGlyphs);
    data.input.text = draft;
    data.input.cursor = draft.size();
    data.transcript = &view;
    view.update(transcript.messages(), ui::transcript_options(data, size));
    ui::Canvas canvas(size);
    ui::draw(canvas, data);
    std::string text = canvas.text();
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    for (std::size_t i = 2; i + 2 < text.size(); ++i)
      if (text[i] == ':' && digit(i - 2) && digit(i - 1) && digit(i + 1) && digit(i + 2))
        text.replace(i - 2, 5, "hh:mm");
    if (const std::size_t at = text.find("thought for "); at != text.npos)
      text.replace(at + 12, text.find(" s", at) - at - 12, "T");
    return text;
  }

  bool shows(const std::string& text, ui::Size size = {24, 80}, const ViewState& state = {}) {
    return screen(size, state).find(text) != std::string::npos;
  }

  Transcript transcript{ui::kUnicodeGlyphs};
  ui::TranscriptView view;
  std::string draft;
};

}  // namespace

TEST_CASE("every key of the table is documented or a second key, and no key is bound twice") {
  for (const KeyBinding& binding : key_bindings()) {
    CAPTURE(binding.label);
    CHECK((binding.label.empty() == binding.help.empty()));
    const auto same = [&](const KeyBinding& other) {
      return other.key == binding.key && other.modifiers == binding.modifiers && other.text == binding.text;
    };
    CHECK(std::count_if(key_bindings().begin(), key_bindings().end(), same) == 1);
  }
}

TEST_CASE("keys of the input line stay there unless the draft is empty") {
  ui::KeyEvent end;
  end.key = ui::Key::end;
  CHECK(action_of(end, true) == Action::to_end);
  CHECK(!action_of(end, false));
  ui::KeyEvent letter;
  letter.key = ui::Key::character;
  letter.text = "t";
  CHECK(!action_of(letter, true));
  letter.modifiers = ui::alt;
  CHECK(action_of(letter, true) == Action::fold_thinking);
}

TEST_CASE("a conversation at 80 by 24") {
  ViewFixture fixture;
  fixture.start();
  fixture.engine().start = ReplyState::thinking;
  fixture.ask("What is two and two?", {"a sum", "</think>", "It is **four**."});
  fixture.engine().start = ReplyState::content;
  fixture.ask("Thanks", {"You are welcome."});
  fixture.draft = "next";
  CHECK(fixture.screen({24, 80}) ==
        R"( chat                                               a ▸ Fake Q8_0  fake  F1 help
────────────────────────────────────────────────────────────────────────────────
you · hh:mm
  What is two and two?

a · hh:mm · 3 tok
▸ thought for T s · 2 tok
  It is four.
  3 tok · 1.00 t/s · pp 12.0 t/s (6 new, 0 reused) · ttft 250ms

you · hh:mm
  Thanks

a · hh:mm · 1 tok
  You are welcome.
  1 tok · pp 24.0 t/s (12 new, 0 reused) · ttft 250ms

── ↓ following ────────────────── Enter send · Alt-Enter newline · / commands ──
> next

────────────────────────────────────────────────────────────────────────────────
■ pp 24.0 t/s  ttft 250ms │ ctx 0/512 0% │ KV 0.00/1.00 MiB f16 │ a
  RAM 20.0/100.0M ████░░░░░░░░░░░░░░░░ 20%  weights 10.0M  fake
F1 help  F2 profile  F5 again  F6 compare  PgUp scroll  F10 quit)");
}

TEST_CASE("a conversation at 40 by 10") {
  ViewFixture fixture;
  fixture.start();
  fixture.ask("Thanks", {"You are welcome."});
  CHECK(fixture.screen({10, 40}) == R"(a ▸ Q8_0                               ■
you> Thanks
a> You are welcome.
 1 tok · pp 4.00 t/s (2 new, 0 reused) …



── ↓ following ─────────────────────────
>
ctx 0%  RAM 20%   F1 help  F2 profile)");
}

TEST_CASE("an empty conversation says who answers and what to do") {
  ViewFixture fixture;
  fixture.start();
  CHECK(fixture.shows("parameters"));
  CHECK(fixture.shows("the first"));
  CHECK(fixture.shows("/ lists the commands"));
  fixture.ask("one", {"answer"});
  CHECK(!fixture.shows("/ lists the commands"));
}

TEST_CASE("how far a long prompt has been read stands at the answer, and no speed of before") {
  ViewFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("one", {"a", "b", "c"});
  CHECK(fixture.shows("ttft 250ms"));
  fixture.engine().start = ReplyState::thinking;
  chat.submit("two");
  fixture.engine().post(Prefilling{1, 512, 2048, 0});
  chat.poll();
  CHECK(fixture.shows("reading the prompt: 512 of 2.0k tok, 25%"));
  CHECK(!fixture.shows("thinking"));
  CHECK(fixture.shows("pp 25%"));
  CHECK(fixture.screen({24, 80}).rfind("ttft") == fixture.screen({24, 80}).find("ttft"));
  chat.stop();
  fixture.engine().post_finish(FinishReason::cancelled);
  chat.poll();
  CHECK(!fixture.shows("reading the prompt"));
  CHECK(fixture.shows("stopped"));
  CHECK(!fixture.shows("0 tok"));
}

TEST_CASE("the tokens of the draft are shown beside the context") {
  ViewFixture fixture;
  fixture.start();
  ViewState state;
  state.draft_tokens = 38;
  CHECK(fixture.shows("+38 tok · Enter send", {24, 80}, state));
  CHECK(fixture.shows("ctx 0+38/512", {24, 80}, state));
  CHECK(fixture.chat->count_tokens("abc") == 3);
  CHECK(!fixture.chat->count_tokens(std::string(1 << 20, 'x')));
}

TEST_CASE("a long question is folded until it is asked for") {
  ViewFixture fixture;
  fixture.start();
  std::string question;
  for (int i = 0; i < 40; ++i) question += "row\n";
  fixture.ask(question + "last row", {"answer"});
  CHECK(fixture.shows("31 more rows · Alt-p shows them", {60, 80}));
  CHECK(!fixture.shows("last row", {60, 80}));
  fixture.transcript.toggle_long_text(fixture.chat->session().turns().front().id);
  CHECK(fixture.shows("last row", {60, 80}));
}

TEST_CASE("a terminal that is too small says so") {
  ViewFixture fixture;
  fixture.start();
  CHECK(fixture.shows("glim needs 30x6", {5, 29}));
}

TEST_CASE("what others wrote is shown, never obeyed") {
  ViewFixture fixture;
  fixture.start();
  fixture.ask("x\x1b]0;title\x07", {"a\x1b[2J", "b\xff\x9b", "c"});
  const std::string text = fixture.screen({24, 80});
  CHECK(std::none_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; }));
}

TEST_CASE("the first load takes the place of the conversation, a later one does not") {
  ViewFixture fixture;
  fixture.chat.emplace(fixture.source, fixture.setup);
  fixture.chat->start();
  fixture.engine().post(Loading{LoadStage::header, 0, 0});
  fixture.engine().post(Loading{LoadStage::weights, 5 << 20, 10 << 20});
  fixture.chat->poll();
  CHECK(fixture.shows("a.gguf"));
  CHECK(fixture.shows("Ctrl-C cancel"));
  fixture.engine().post(Ready{});
  fixture.chat->poll();
  fixture.ask("one", {"first answer"});
  fixture.chat->submit("/profile b");
  CHECK(fixture.shows("first answer"));
}

TEST_CASE("the picker lists the profiles and marks the one that runs") {
  ViewFixture fixture("[profile.base]\nabstract = true\n");
  fixture.start();
  ViewState state;
  state.picker_open = true;
  CHECK(fixture.shows("the second", {24, 80}, state));
  CHECK(!fixture.shows("base", {24, 80}, state));
  const ProfileChoices all = profile_choices(*fixture.chat, "");
  CHECK(all.names == std::vector<std::string>{"a", "a-long", "a-cool", "b", "gone"});
  CHECK(all.rows[0].current);
  CHECK(profile_choices(*fixture.chat, "al").names == std::vector<std::string>{"a-long", "a-cool"});
  CHECK(profile_choices(*fixture.chat, "al").total == 5);
}

TEST_CASE("the help lists every key and command") {
  ViewFixture fixture;
  fixture.start();
  ViewState state;
  state.help_open = true;
  const ui::ChatScreen screen = chat_screen(*fixture.chat, state, ui::kUnicodeGlyphs);
  REQUIRE(screen.help);
  CHECK(screen.help->rows.size() > key_bindings().size() / 2 + commands().size());
  CHECK(fixture.shows("F2", {24, 80}, state));
}

TEST_CASE("stopping, waiting messages and a stopped answer are visible") {
  ViewFixture fixture;
  Chat& chat = fixture.start();
  chat.submit("one");
  fixture.engine().post_pieces({"half"});
  chat.poll();
  chat.submit("two");
  CHECK(fixture.shows("Esc stop"));
  CHECK(fixture.shows("1 queued"));
  chat.stop();
  fixture.engine().post_finish(FinishReason::cancelled);
  chat.poll();
  CHECK(fixture.shows("stopped"));
}

TEST_CASE("thinking is folded, shown or hidden as the profile says, and can be toggled") {
  ViewFixture fixture;
  Chat& chat = fixture.start();
  fixture.engine().start = ReplyState::thinking;
  fixture.ask("one", {"secret thought", "</think>", "answer"});
  CHECK(fixture.shows("thought for"));
  CHECK(!fixture.shows("secret thought"));
  fixture.transcript.toggle_thinking(chat.session().turns().back().id);
  CHECK(fixture.shows("secret thought"));
  fixture.transcript.toggle_thinking(chat.session().turns().back().id);
  chat.submit("/set think_show=open");
  CHECK(fixture.shows("secret thought"));
}

TEST_CASE("removed turns leave the screen and new ones appear") {
  ViewFixture fixture;
  Chat& chat = fixture.start();
  fixture.ask("first question", {"1"});
  fixture.ask("second question", {"2"});
  CHECK(fixture.shows("second question"));
  chat.submit("/undo");
  CHECK(fixture.shows("first question"));
  CHECK(!fixture.shows("second question"));
  fixture.ask("third question", {"3"});
  CHECK(fixture.shows("third question"));
  chat.submit("/clear");
  CHECK(!fixture.shows("question"));
}

}  // namespace glim::app
