#include "ui/chat_screen.h"

#include "tests/ui/golden_screen.h"
#include "ui/text_layout.h"

using namespace glim;
using namespace glim::ui;

namespace {

std::vector<Message> conversation() {
  Message question;
  question.id = 1, question.name = "you", question.detail = "14:02 · 214 tok";
  question.text =
      "Why does push() lose an element when the buffer wraps? Fix it, keep it lock-free for one producer and "
      "one consumer. 为什么？";
  Message reply;
  reply.id = 2, reply.role = Role::assistant, reply.name = "glm-q8", reply.detail = "14:02 · 391 tok";
  reply.thinking = "masks", reply.thinking_seconds = 11.8, reply.thinking_tokens = 214;
  reply.text =
      "The index is masked **before** it is compared, so `head == tail` means both \"empty\" and \"full\". "
      "Keep the counters free-running and mask on access:\n\n```c\nbool push(ring *r, item v) {\n"
      "    size_t h = load_relaxed(&r->head);\n    store_release(&r->head, h + 1);";
  reply.streaming = true;
  return {question, reply};
}

ChatScreen example() {
  ChatScreen s;
  s.header = {.title = "ring-buffer",
              .profile = "glm-q8",
              .model = "GLM-4.7-Flash Q8_0",
              .model_short = "Q8_0",
              .backend = "vulkan0"};
  s.input.text = "and show me the test that would have caught it";
  s.input.cursor = s.input.text.size();
  s.rule_hints = {{"Enter", "send"}, {"Alt-Enter", "newline"}, {"/", "commands"}};
  s.hints = {{"F1", "help"}, {"Esc", "stop"}, {"F2", "profile"}, {"F5", "regen"}, {"F10", "quit"}};
  StatusData& d = s.status;
  d.state = RunState::generating;
  d.gen_rate = 18.2, d.prefill_rate = 131, d.ttft = 1.27, d.ctx_used = 12431, d.ctx_size = 65536;
  d.memory_used = gib(32.3), d.memory_budget = gib(94.1), d.weights = gib(29.65) + 1;
  d.kv_used = gib(0.33), d.kv_size = gib(1.76), d.kv_type = "q8_0", d.watts = 42;
  d.backend_wide = "Radeon 8060S (RADV)", d.backend_narrow = "vk0";
  return s;
}

std::string paint(ChatScreen screen, Size size, const std::vector<Message>& messages) {
  TranscriptView view;
  view.update(messages, transcript_options(screen, size));
  screen.transcript = &view;
  Canvas canvas(size);
  draw(canvas, screen);
  return canvas.text() + "\n";
}

constexpr Size kSizes[] = {{24, 80}, {40, 120}, {10, 40}, {6, 30}, {5, 24}, {14, 70}};

}  // namespace

TEST_CASE("the chat screen at every class of size") {
  for (const Size size : kSizes) check_screen(named("chat", size), paint(example(), size, conversation()));
}

TEST_CASE("the chat screen with ASCII signs") {
  ChatScreen screen = example();
  screen.glyphs = &kAsciiGlyphs;
  std::vector<Message> messages = conversation();
  for (Message& m : messages) m.detail = "14:02", m.text.erase(0, 0);
  messages[0].text = "Why?";
  const std::string text = paint(screen, {24, 80}, messages);
  for (const char c : text) CHECK(static_cast<unsigned char>(c) < 0x80);
  check_screen("ascii_80x24", text);
}

TEST_CASE("the empty chat with a list of commands") {
  ChatScreen screen = example();
  screen.status = {};
  screen.input.text = "/";
  screen.input.cursor = 1;
  screen.input.completions = {
      {"/help", "keys and commands"}, {"/profile", "switch to another profile"}, {"/quit", ""}};
  check_screen("commands_80x24", paint(screen, {24, 80}, {}));
  check_screen("commands_40x10", paint(screen, {10, 40}, {}));
}

TEST_CASE("scrolled back, the rule says what is below") {
  ChatScreen screen = example();
  std::vector<Message> messages = conversation();
  TranscriptView view;
  const Size size = {12, 80};
  view.update(messages, transcript_options(screen, size));
  view.scroll_lines(-2);
  view.update(messages, transcript_options(screen, size));
  screen.transcript = &view;
  Canvas canvas(size);
  draw(canvas, screen);
  CHECK(canvas.text().find("↓ 2 lines below · End to follow") != std::string::npos);
  messages[1].text += "\nmore\nand more\n";
  view.update(messages, transcript_options(screen, size));
  Canvas later(size);
  draw(later, screen);
  CHECK(later.text().find("↓ 3 new lines · End to follow") != std::string::npos);
}

TEST_CASE("loading, with a queued message") {
  ChatScreen screen = example();
  screen.queued = 1;
  screen.status = {};
  screen.status.state = RunState::loading;
  screen.status.loading_percent = 62;
  LoadingData data;
  data.model = "GLM-4.7-Flash-Q8_0.gguf", data.bytes = gib(29.65) + 1,
  data.target = "vulkan0  Radeon 8060S (RADV)";
  data.stages = {
      {"open and check header", StageState::done, 0.01, {}, "GGUF v3, 844 tensors, deepseek2", {}},
      {"tokenizer", StageState::done, 0.31, {}, "154 880 tokens", {}},
      {"weights to device", StageState::running, 11.2, 0.62, "", {"18.4 / 29.65 GiB   1.64 GiB/s"}},
      {"warm-up", StageState::waiting, {}, {}, "1 token", {}}};
  data.total_fraction = 0.61, data.total_seconds = 12.4, data.last_time_seconds = 19.8;
  screen.loading = data;
  check_screen("loading_80x24", paint(screen, {24, 80}, {}));
  check_screen("loading_40x10", paint(screen, {10, 40}, {}));
}

TEST_CASE("an error dialog") {
  ChatScreen screen = example();
  DialogData data;
  data.title = "will not fit", data.code = "GLIM-E201";
  data.sentence = "glm-bf16 needs 60.0 GiB on vulkan0, but only 22.4 GiB are free.";
  data.details = {"weights 55.80   kv 3.30 (f16, 65 536)   compute 0.88   = 59.98"};
  data.question = "What you can do";
  data.choices = {{"load q4_k_m instead, same context", "19.9 GiB"}, {"load anyway", ""}};
  data.hints = "Enter choose   Esc cancel";
  screen.dialog = data;
  check_screen("dialog_80x24", paint(screen, {24, 80}, conversation()));
  check_screen("dialog_40x10", paint(screen, {10, 40}, conversation()));
}

TEST_CASE("help, whole and filtered") {
  ChatScreen screen = example();
  HelpData data;
  data.rows = {{"WHILE TYPING", "", "", ""},      {"", "Enter", "", "send"},
               {"", "Alt-Enter", "", "new line"}, {"", "Ctrl-R", "", "search history"},
               {"ANYWHERE", "", "", ""},          {"", "F2", "/profile", "switch to another profile"},
               {"", "F10", "/quit", "leave"}};
  screen.help = data;
  check_screen("help_80x24", paint(screen, {24, 80}, conversation()));
  data.filter = "PROF";
  CHECK(filtered_help(data).size() == 2);
  data.filter = "zzz";
  CHECK(filtered_help(data).empty());
  data.filter.clear();
  data.first = 99;
  screen.help = data;
  check_screen("help_40x10", paint(screen, {10, 40}, conversation()));
}

TEST_CASE("a list of profiles to choose from") {
  ChatScreen screen = example();
  PickerData data;
  data.title = "profile";
  data.rows = {{"glm-q8", "29.7 GiB", true, true},
               {"glm-q4km", "17.2 GiB", false, true},
               {"glm-bf16", "will not fit", false, false}};
  data.selected = 1;
  data.notes = {"Q4_K_M, 65 536 tokens"};
  data.total = 5;
  screen.picker = data;
  check_screen("picker_80x24", paint(screen, {24, 80}, conversation()));
  check_screen("picker_30x6", paint(screen, {6, 30}, conversation()));
  CHECK(matching_rows(data.rows, "gq4") == std::vector<std::size_t>{1});
}

TEST_CASE("every size is painted inside the canvas, with the cursor on it") {
  ChatScreen screen = example();
  screen.input.text = "some words\nand a second row 汉字 that is quite long";
  for (int rows = 0; rows < 30; ++rows)
    for (int cols = 0; cols < 130; cols += 3) {
      TranscriptView view;
      view.update(conversation(), transcript_options(screen, {rows, cols}));
      screen.transcript = &view;
      for (std::size_t cursor = 0; cursor <= screen.input.text.size(); cursor += 5) {
        screen.input.cursor = cursor;
        Canvas canvas(rows, cols);
        draw(canvas, screen);
        if (!canvas.cursor()) continue;
        CHECK(canvas.cursor()->row < rows);
        CHECK(canvas.cursor()->col < cols);
      }
    }
}

TEST_CASE("the cursor stands where the draft is being edited") {
  InputData data;
  data.text = "汉字 and\nsecond";
  const auto cursor_at = [&](std::size_t bytes) {
    data.cursor = bytes;
    Canvas canvas(4, 20);
    draw_input(canvas, canvas.area(), data, kUnicodeGlyphs);
    return canvas.cursor().value_or(Point{-1, -1});
  };
  CHECK(cursor_at(0) == Point{0, 2});
  CHECK(cursor_at(6) == Point{0, 6});
  CHECK(cursor_at(10) == Point{0, 10});
  CHECK(cursor_at(11) == Point{1, 2});
  CHECK(cursor_at(17) == Point{1, 8});
  data.text = "a\tb";
  CHECK(cursor_at(2) == Point{0, 7});
  data.text = "123456789012345 word";
  CHECK(cursor_at(16) == Point{1, 2});
  CHECK(cursor_at(20) == Point{1, 6});
  data.text.assign(17, 'x');
  CHECK(cursor_at(17) == Point{0, 19});
}

TEST_CASE("panes side by side share the width") {
  const std::vector<Rect> panes = split_columns({0, 0, 10, 80}, 3);
  REQUIRE(panes.size() == 3);
  CHECK(panes[0].width + panes[1].width + panes[2].width + 2 == 80);
  CHECK(panes[2].col + panes[2].width == 80);
}
