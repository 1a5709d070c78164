#include "ui/transcript_pane.h"

#include <doctest/doctest.h>

#include "engine/base/text.h"

using namespace glim;
using namespace glim::ui;

namespace {

std::string shown(const TranscriptView& view, int width = 40, int height = 12) {
  Canvas canvas(height, width);
  draw_transcript(canvas, canvas.area(), view);
  std::string text = canvas.text();
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

Message user(std::uint64_t id, std::string text) {
  Message m;
  m.id = id, m.role = Role::user, m.name = "you", m.text = std::move(text);
  return m;
}

Message answer(std::uint64_t id, std::string text) {
  Message m = user(id, std::move(text));
  m.role = Role::assistant, m.name = "glm";
  return m;
}

Message notice(std::uint64_t id, std::string text, Role role = Role::notice) {
  Message m = user(id, std::move(text));
  m.role = role;
  return m;
}

std::vector<Message> long_chat(int messages) {
  std::vector<Message> out;
  for (int i = 0; i < messages; ++i) {
    std::string text;
    for (int row = 0; row < 5; ++row)
      text += strf("message %d row %d with words that wrap when it is narrow\n\n", i, row);
    out.push_back(i % 2 == 0 ? user(static_cast<std::uint64_t>(i + 1), text)
                             : answer(static_cast<std::uint64_t>(i + 1), text));
  }
  return out;
}

constexpr TranscriptOptions kSize = {.width = 40, .height = 12};

}  // namespace

TEST_CASE("a long message that is folded shows its beginning and how much there is more") {
  std::string text;
  for (int i = 1; i <= 30; ++i) text += strf("%srow %d", i == 1 ? "" : "\n", i);
  std::vector<Message> chat = {user(1, text), answer(2, "done")};
  chat[0].folded = true;
  TranscriptOptions options = {.width = 40, .height = 60, .unfold_label = "Alt-p shows them"};
  TranscriptView view;
  view.update(chat, options);
  CHECK(shown(view, 40, 60).find("  row 10\n  ▸ 20 more rows · Alt-p shows them\n\nglm") !=
        std::string::npos);
  chat[0].folded = false;
  view.update(chat, options);
  CHECK(shown(view, 40, 60).find("row 11") != std::string::npos);
  CHECK(shown(view, 40, 60).find("more rows") == std::string::npos);
  chat = {user(3, text.substr(0, text.find("row 25")))};
  chat[0].folded = true;
  view.update(chat, options);
  CHECK(shown(view, 40, 60).find("row 24") != std::string::npos);
}

TEST_CASE("messages have a role row, folded thinking, text and timing") {
  Message reply = answer(2, "It is **four**.");
  reply.detail = "14:02 · 9 tok";
  reply.thinking = "two and two";
  reply.thinking_seconds = 11.8;
  reply.thinking_tokens = 214;
  reply.timing = "9 tok · 18.2 t/s";
  std::vector<Message> chat = {user(1, "What is 2 + 2?"), reply};
  TranscriptView view;
  view.update(chat, kSize);
  CHECK(shown(view) ==
        "you\n  What is 2 + 2?\n\nglm · 14:02 · 9 tok\n▸ thought for 11.8 s · 214 tok\n  It is four.\n  9 "
        "tok · 18.2 t/s");
  chat[1].thinking_shown = true;
  view.update(chat, kSize);
  CHECK(shown(view).find("▾ thought for 11.8 s · 214 tok\n  two and two\n  It is four.") !=
        std::string::npos);
}

TEST_CASE("notices and errors have a sign instead of a role row") {
  const std::vector<Message> chat = {notice(1, "profile glm-q8"), notice(2, "E101 no such file", Role::error),
                                     user(3, "hi")};
  TranscriptView view;
  view.update(chat, kSize);
  CHECK(shown(view) == "· profile glm-q8\n✗ E101 no such file\n\nyou\n  hi");
}

TEST_CASE("narrow terminals have the name before the text") {
  std::vector<Message> chat = {user(1, "and show me the test that would have caught it"),
                               answer(2, "Fill to capacity")};
  chat[1].streaming = true;
  TranscriptView view;
  view.update(chat, {.width = 40, .height = 12, .compact = true});
  CHECK(shown(view) == "you> and show me the test that would\n have caught it\nglm> Fill to capacity█");
}

TEST_CASE("a streaming answer carries the mark, first at its thoughts") {
  Message reply = answer(1, "");
  reply.streaming = true;
  std::vector<Message> chat = {reply};
  TranscriptView view;
  view.update(chat, kSize);
  CHECK(shown(view) == "glm\n  █");
  chat[0].thinking_now = true;
  chat[0].thinking = "hm";
  chat[0].thinking_seconds = 0.5;
  view.update(chat, kSize);
  CHECK(shown(view) == "glm\n▸ thinking 0.50 s █");
  chat[0].thinking_shown = true;
  view.update(chat, kSize);
  CHECK(shown(view) == "glm\n▾ thinking 0.50 s\n  hm█");
  chat[0].thinking_now = false;
  chat[0].text = "yes";
  view.update(chat, kSize);
  CHECK(shown(view) == "glm\n▾ thought for 0.50 s\n  hm\n  yes█");
  chat[0].streaming = false;
  chat[0].thinking_shown = false;
  view.update(chat, kSize);
  CHECK(shown(view) == "glm\n▸ thought for 0.50 s\n  yes");
}

TEST_CASE("the end is followed until it is left, and again when it is reached") {
  std::vector<Message> chat = long_chat(6);
  TranscriptView view;
  view.update(chat, kSize);
  CHECK(view.following());
  CHECK(view.rows_below() == 0);
  view.scroll_lines(-3);
  view.update(chat, kSize);
  CHECK_FALSE(view.following());
  CHECK(view.rows_below() == 3);
  CHECK(view.new_rows() == 0);
  view.scroll_lines(2);
  view.update(chat, kSize);
  CHECK_FALSE(view.following());
  view.scroll_lines(5);
  view.update(chat, kSize);
  CHECK(view.following());
}

TEST_CASE("a transcript that fits cannot be scrolled") {
  const std::vector<Message> chat = {user(1, "hi")};
  TranscriptView view;
  view.scroll_lines(-5);
  view.scroll_pages(-1);
  view.to_top();
  view.update(chat, kSize);
  CHECK(view.following());
  CHECK(shown(view) == "you\n  hi");
}

TEST_CASE("what is being read does not move while text arrives below") {
  std::vector<Message> chat = long_chat(6);
  chat.back().streaming = true;
  TranscriptView view;
  view.update(chat, kSize);
  view.scroll_pages(-2);
  view.update(chat, kSize);
  const std::string before = shown(view);
  const int below = view.rows_below();
  for (int i = 0; i < 500; ++i) {
    chat.back().text += i % 7 == 0 ? "word\n" : "word **bold ";
    view.update(chat, kSize);
    CHECK(shown(view) == before);
  }
  chat.back().streaming = false;
  chat.push_back(user(100, "next"));
  view.update(chat, kSize);
  CHECK(shown(view) == before);
  CHECK(view.new_rows() > 50);
  CHECK(view.new_rows() == view.rows_below() - below);
}

TEST_CASE("what is being read does not move when thinking above folds and unfolds") {
  std::vector<Message> chat = long_chat(6);
  for (Message& m : chat) m.thinking = "long\nthoughts\nof many\nrows", m.thinking_shown = true;
  TranscriptView view;
  view.update(chat, kSize);
  view.scroll_lines(-10);
  view.update(chat, kSize);
  const std::string before = shown(view);
  chat[0].thinking_shown = chat[1].thinking_shown = false;
  view.update(chat, kSize);
  CHECK(shown(view) == before);
}

TEST_CASE("the top row stays in view at every width, and comes back exactly") {
  const std::vector<Message> chat = long_chat(8);
  TranscriptView view;
  view.update(chat, kSize);
  for (int up = 1; up < 60; up += 7) {
    view.scroll_lines(-up);
    view.update(chat, kSize);
    if (view.following()) continue;
    const std::string before = shown(view);
    for (const int width : {30, 100, 61, 40}) {
      view.update(chat, {.width = width, .height = 12});
      CHECK_FALSE(view.window().empty());
    }
    CHECK(shown(view) == before);
  }
}

TEST_CASE("pages overlap by a row, top and messages are reached") {
  const std::vector<Message> chat = long_chat(4);
  TranscriptView view;
  view.to_top();
  view.update(chat, kSize);
  CHECK(view.current_message() == 1);
  const std::string last_row = text_of(view.window().back());
  view.scroll_pages(1);
  view.update(chat, kSize);
  CHECK(text_of(view.window().front()) == last_row);
  view.to_message(-1);
  view.update(chat, kSize);
  CHECK(text_of(view.window().front()) == "you");
  view.to_message(1);
  view.update(chat, kSize);
  CHECK(view.current_message() == 2);
  CHECK(view.message_at(0) == 2);
  CHECK(view.message_at(99) == std::nullopt);
  view.to_end();
  view.update(chat, kSize);
  CHECK(view.following());
  CHECK(view.current_message() == 4);
}

TEST_CASE("a place that was seen can be shown again, in another view too") {
  const std::vector<Message> messages = long_chat(20);
  TranscriptView first, second;
  first.update(messages, {.width = 40, .height = 8});
  first.scroll_lines(-25);
  first.update(messages, {.width = 40, .height = 8});
  const Place place = first.top_place();
  second.to_place(place);
  second.update(messages, {.width = 40, .height = 8});
  CHECK(!second.following());
  CHECK(second.top_place() == place);
  CHECK(shown(second) == shown(first));
  second.to_place({messages.back().id, 5, 1000, 0});
  second.update(messages, {.width = 40, .height = 8});
  CHECK(second.following());
}

TEST_CASE("an answer without a name has no role row") {
  TranscriptView view;
  Message reply = answer(1, "text");
  reply.name.clear();
  view.update(std::vector<Message>{reply}, {.width = 40, .height = 8, .margin = 1});
  CHECK(shown(view) == " text");
}

TEST_CASE("removed messages take nothing else with them") {
  std::vector<Message> chat = long_chat(6);
  TranscriptView view;
  view.update(chat, kSize);
  view.to_top();
  view.update(chat, kSize);
  chat.erase(chat.begin() + 2, chat.begin() + 4);
  view.update(chat, kSize);
  CHECK(text_of(view.window()[1]).find("message 0 row 0") != std::string::npos);
  chat.clear();
  view.update(chat, kSize);
  CHECK(view.window().empty());
  CHECK(view.following());
  chat.push_back(user(50, "new"));
  view.update(chat, kSize);
  CHECK(shown(view) == "you\n  new");
}

TEST_CASE("every size can be laid out") {
  const std::vector<Message> chat = long_chat(4);
  TranscriptView view;
  for (int width = 0; width < 20; ++width)
    for (int height = 0; height < 4; ++height) {
      view.scroll_lines(-1);
      view.update(chat, {.width = width, .height = height});
      CHECK(static_cast<int>(view.window().size()) <= height);
    }
}
