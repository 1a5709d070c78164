#include "ui/line_editor.h"

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace glim::ui;

namespace {

/// An editor that is typed into as at a terminal, without the inputrc of whoever runs the test.
struct Typist {
  explicit Typist(LineEditorOptions options = {}) : editor((prepare(), std::move(options))) {}

  static void prepare() {
    setenv("INPUTRC", "/dev/null", 1);
    // Readline asks the environment for the locale again.
    REQUIRE(::setenv("LC_ALL", "C.UTF-8", 1) == 0);
    REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  }

  void type(std::string_view bytes) {
    std::vector<KeyEvent> keys = decoder.push(bytes);
    for (KeyEvent& key : decoder.give_up()) keys.push_back(std::move(key));
    for (const KeyEvent& key : keys) {
      LineEditor::Result result = editor.feed(key);
      for (std::string& line : result.sent) sent.push_back(std::move(line));
      ended = ended || result.end_of_input;
      edit = edit || result.edit_externally;
    }
  }

  KeyDecoder decoder;
  LineEditor editor;
  std::vector<std::string> sent;
  bool ended = false, edit = false;
};

using Lines = std::vector<std::string>;

struct TemporaryFile {
  TemporaryFile() {
    char name[] = "/tmp/glim-history-XXXXXX";
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    path = name;
    std::filesystem::remove(path);
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("what is typed is the draft, and Enter sends it") {
  Typist t;
  t.type("hello wor");
  CHECK(t.editor.text() == "hello wor");
  CHECK(t.editor.cursor() == 9);
  t.type("ld\rnext");
  CHECK(t.sent == Lines{"hello world"});
  CHECK(t.editor.text() == "next");
}

TEST_CASE("an empty draft is not sent") {
  Typist t;
  t.type("\r  \r");
  CHECK(t.sent.empty());
}

TEST_CASE("wide and accented characters are edited whole") {
  Typist t;
  t.type("汉字é");
  CHECK(t.editor.cursor() == 8);
  t.type("\x7f\x7f");
  CHECK(t.editor.text() == "汉");
  t.type("\x1b[D");
  CHECK(t.editor.cursor() == 0);
  t.type("é汉");
  CHECK(t.editor.text() == "é汉汉");
  t.type("\x1b[F word\x17");
  CHECK(t.editor.text() == "é汉汉 ");
}

TEST_CASE("there are four ways to a new line") {
  Typist t;
  t.type("a\x1b\rb\nc\\\rd\x1b[13;2ue");
  CHECK(t.sent.empty());
  CHECK(t.editor.text() == "a\nb\nc\nd\ne");
  t.type("\r");
  CHECK(t.sent == Lines{"a\nb\nc\nd\ne"});
}

TEST_CASE("a paste is inserted as it is and sends nothing") {
  Typist t;
  t.type("x\x1b[200~one\r\ntwo\tthree\n/quit\n\x1b[201~y");
  CHECK(t.sent.empty());
  CHECK(t.editor.text() == "xone\ntwo\tthree\n/quit\ny");
}

TEST_CASE("a paste with control characters does nothing but insert") {
  Typist t;
  t.type("\x1b[200~a\x1b[31m\x03\x04 b\x1b[201~");
  CHECK(t.editor.text() == "a\x1b[31m\x03\x04 b");
  CHECK_FALSE(t.ended);
}

TEST_CASE("Up and Down move inside the draft, then through the history") {
  Typist t;
  t.type("first\rsecond\r");
  t.type("one\ntwo");
  t.type("\x1b[A");
  CHECK(t.editor.text() == "one\ntwo");
  CHECK(t.editor.cursor() == 3);
  t.type("\x1bOA");
  CHECK(t.editor.text() == "second");
  t.type("\x1b[A");
  CHECK(t.editor.text() == "first");
  t.type("\x1b[B\x1b[B");
  CHECK(t.editor.text() == "one\ntwo");
}

TEST_CASE("Ctrl-R searches the history, also for wide characters, and Esc ends the search") {
  Typist t;
  t.type("about 汉字\rsomething else\r");
  t.type("\x12汉");
  CHECK(t.editor.searching());
  CHECK(t.editor.wants_escape());
  CHECK(t.editor.text() == "about 汉字");
  CHECK(t.editor.input().prompt.find("reverse-i-search") != std::string::npos);
  t.type("\x1b");
  CHECK_FALSE(t.editor.searching());
  CHECK(t.editor.text() == "about 汉字");
  CHECK(t.editor.input().prompt == "> ");
  t.type("\r");
  CHECK(t.sent.back() == "about 汉字");
}

TEST_CASE("a cleared draft comes back with undo") {
  Typist t;
  t.type("precious");
  t.editor.clear();
  CHECK(t.editor.text().empty());
  t.type("\x1f");
  CHECK(t.editor.text() == "precious");
}

TEST_CASE("Ctrl-D ends the input only when the draft is empty") {
  Typist t;
  t.type("ab\x01\x04");
  CHECK(t.editor.text() == "b");
  CHECK_FALSE(t.ended);
  t.type("\x04\x04");
  CHECK(t.ended);
  t.type("still alive");
  CHECK(t.editor.text() == "still alive");
}

TEST_CASE("a lone Esc is nothing in emacs mode, and Alt keys work") {
  Typist t;
  t.type("one two");
  t.type("\x1b");
  CHECK_FALSE(t.editor.wants_escape());
  t.type("x");
  CHECK(t.editor.text() == "one twox");
  t.type(
      "\x1b"
      "b\x1b"
      "d");
  CHECK(t.editor.text() == "one ");
}

TEST_CASE("keys that mean nothing here change nothing") {
  Typist t;
  t.type("a\x1b[15~\x1b[5~\x1b[I\x1b[<64;1;1M\x1b[1;2A\xff\x1b[99~b");
  CHECK(t.editor.text() == "ab");
}

TEST_CASE("Tab completes the common beginning and lists the rest as data") {
  LineEditorOptions options;
  options.list_while_typing.clear();
  options.complete = [](const CompletionRequest& request) {
    CHECK(request.begin == 8);
    CHECK(request.draft.substr(request.begin, request.end - request.begin).starts_with("g"));
    return std::vector<Completion>{{"glm-q4", "small"}, {"glm-q8", "big"}, {"other", ""}};
  };
  Typist t(std::move(options));
  t.type("profile g\t");
  CHECK(t.editor.text() == "profile glm-q");
  REQUIRE(t.editor.input().completions.size() == 2);
  CHECK(t.editor.input().completions[1].text == "glm-q8");
  t.type("8");
  CHECK(t.editor.input().completions.empty());
  t.type("\t");
  CHECK(t.editor.text() == "profile glm-q8 ");
}

TEST_CASE("commands are listed while they are typed") {
  LineEditorOptions options;
  options.complete = [](const CompletionRequest&) {
    return std::vector<Completion>{{"/help", "keys and commands"}, {"/history", ""}, {"/quit", ""}};
  };
  Typist t(std::move(options));
  t.type("/");
  CHECK(t.editor.input().completions.size() == 3);
  t.type("he");
  REQUIRE(t.editor.input().completions.size() == 1);
  CHECK(t.editor.input().completions[0].description == "keys and commands");
  t.type("lp");
  CHECK(t.editor.input().completions.empty());
  t.type("\x15plain text");
  CHECK(t.editor.input().completions.empty());
}

TEST_CASE("a completion that throws is no completion") {
  LineEditorOptions options;
  options.complete = [](const CompletionRequest&) -> std::vector<Completion> {
    throw std::runtime_error("no");
  };
  Typist t(std::move(options));
  t.type("/x\t");
  CHECK(t.editor.text() == "/x");
}

TEST_CASE("history survives, keeps rows together, is private and skips what begins with a blank") {
  const TemporaryFile file;
  {
    Typist t({.history_file = file.path});
    t.type("one\x1b\r#2 still one\r\x20secret\rtwo\rtwo\r");
    CHECK(t.sent.size() == 4);
  }
  struct stat info = {};
  REQUIRE(stat(file.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  Typist t({.history_file = file.path});
  t.type("\x10");
  CHECK(t.editor.text() == "two");
  t.type("\x10");
  CHECK(t.editor.text() == "one\n#2 still one");
  t.type("\x10");
  CHECK(t.editor.text() == "one\n#2 still one");
}

TEST_CASE("a long paste is a label that one Backspace deletes, and is sent whole") {
  const TemporaryFile file;
  LineEditorOptions options;
  options.history_file = file.path;
  options.count_tokens = [](std::string_view text) { return static_cast<std::int64_t>(text.size()); };
  std::string pasted;
  for (int i = 0; i < 30; ++i) pasted += "line\n";
  Typist t(std::move(options));
  t.type("see \x1b[200~" + pasted + "\x1b[201~ end");
  CHECK(t.editor.input().text == "see [paste 30 lines · 150 tok] end");
  CHECK(t.editor.input().cursor == t.editor.input().text.size());
  CHECK(t.editor.text() == "see " + pasted + " end");
  t.type("\x7f\x7f\x7f\x7f\x7f");
  CHECK(t.editor.input().text == "see ");
  CHECK(!t.editor.has_long_paste());
  t.type("\x1f");  // undo
  CHECK(t.editor.has_long_paste());
  t.type("\r");
  REQUIRE(t.sent.size() == 1);
  CHECK(t.sent[0].find(pasted) == 4);
  t.type("\x10");
  CHECK(t.editor.text().find(pasted) == 4);
}

TEST_CASE("a long paste can be written out, and undone as one step") {
  Typist t;
  const std::string pasted(5000, 'x');
  t.type("a\x1b[200~" + pasted + "\x1b[201~" + "b");
  CHECK(t.editor.input().text == "a[paste 5000 bytes]b");
  CHECK(t.editor.expand_paste());
  CHECK(t.editor.input().text == "a" + pasted + "b");
  CHECK(!t.editor.expand_paste());
  t.type("\x1f");
  CHECK(t.editor.input().text == "a[paste 5000 bytes]b");
}

TEST_CASE("a short paste is text") {
  Typist t;
  t.type("\x1b[200~one\r\ntwo\x1b[201~");
  CHECK(t.editor.input().text == "one\ntwo");
  CHECK(t.editor.input().labels.empty());
}

TEST_CASE("in vi mode Esc belongs to the editor and the mode is shown") {
  Typist t;
  t.type("abc");
  t.type("\x1b\n");  // vi-editing-mode
  CHECK(t.editor.input().mode == "[i]");
  CHECK(t.editor.wants_escape());
  t.type("d\x1b");
  CHECK(t.editor.input().mode == "[n]");
  t.type("0x");
  CHECK(t.editor.text() == "bcd");
  t.type("\r");
  CHECK(t.sent == Lines{"bcd"});
  t.type("\x1b\x05");  // emacs-editing-mode
  CHECK(t.editor.input().mode.empty());
}

TEST_CASE("Ctrl-X Ctrl-E asks for an external editor") {
  Typist t;
  t.type("draft\x18\x05");
  CHECK(t.edit);
  t.editor.set_text("draft from\noutside");
  CHECK(t.editor.text() == "draft from\noutside");
  CHECK(t.editor.cursor() == t.editor.text().size());
}
