#include "ui/markdown.h"

#include <doctest/doctest.h>

#include "ui/markdown_inline.h"
#include "ui/markdown_table.h"

using namespace glim::ui;

namespace {

std::string text_of_lines(const std::vector<Line>& lines) {
  std::string out;
  for (const Line& line : lines) {
    std::string row = text_of(line);
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

std::string show(std::string_view text, MarkdownOptions options = {.width = 40}, bool finished = true) {
  MarkdownLayout layout(std::move(options));
  layout.update(text, finished);
  return text_of_lines(layout.lines());
}

const char kDocument[] =
    "# Title\n\nSome **bold** and *italic* text with `code` and a [link](http://a.b/c) in it.\n"
    "second row\n\n- one\n- two with more words than fit on a row of this width\n  1. nested\n\n"
    "> quoted **text**\n\n```c\nint main(void) {\n\n    return 0;  /* a comment that is longer than the "
    "frame */\n}\n```\n"
    "\n| a | b |\n|---|--:|\n| 1 | 2 |\n| long cell | `x|y` |\n\n---\n\nafter\n~~~\nunclosed\n";

}  // namespace

TEST_CASE("headings, emphasis and inline code lose their signs and gain their looks") {
  std::vector<std::string> links;
  const Spans spans = parse_inline("a **b *c*** `d` _e_", 10, Style::text, links);
  std::string text;
  for (const Span& span : spans) text += span.text;
  CHECK(text == "a b c d e");
  REQUIRE(spans.size() == 7);
  CHECK(spans[1].ink == Ink(Style::text, bold));
  CHECK(spans[2].ink == Ink(Style::text, bold | italic));
  CHECK(spans[4].ink == Ink(Style::code_inline));
  CHECK(spans[6].ink == Ink(Style::text, italic));
  CHECK(spans[6].source == 27);
  CHECK(show("## Head *line*\ntext") == "Head line\ntext\n");
}

TEST_CASE("signs that are no markup stay") {
  const std::string_view rows[] = {
      "2 * 3 * 4", "snake_case_name", "**open",    "a ` b", "#hashtag", "*",  "[not a link]",
      "[a] (b)",   "1.5 and 2.",      "-dash",     "a | b", "x**",      "**", "``",
      "!bang",     "5 > 3",           "f(a[0])(b)"};
  for (const std::string_view row : rows) CHECK(show(row) == std::string(row) + "\n");
  CHECK(show("\\*not\\* \\# \\q") == "*not* # \\q\n");
}

TEST_CASE("rows of nothing but openers take no quadratic time") {
  for (const char* part : {"*", "[", "`", "**a ", "_a ", "[a](", "![", "\\"}) {
    std::string row;
    while (row.size() < 100000) row += part;
    CHECK_FALSE(show(row).empty());
  }
}

TEST_CASE("lists keep their indentation and hang") {
  CHECK(show("- one two three four\n  - five six seven\n1. a\n10) b", {.width = 14}) ==
        "• one two\n  three four\n  • five six\n    seven\n1. a\n10) b\n");
}

TEST_CASE("quotes have a bar at every row") {
  CHECK(show("> one two three\n> > four", {.width = 10}) == "│ one two\n│ three\n│ │ four\n");
}

TEST_CASE("newlines are kept and blank rows do not pile up") {
  CHECK(show("\n\na\nb\n\n\n\nc\n\n") == "a\nb\n\nc\n");
}

TEST_CASE("code is framed, wrapped and keeps its blanks") {
  CHECK(show("```c\nint  x;\n    y = 1234567;\n```\nz", {.width = 16, .code_label = "copy"}) ==
        "┌ c ───── copy ┐\n"
        "│ int  x;      │\n"
        "│     y = 1234 │\n"
        "│ 567;         │\n"
        "└──────────────┘\n"
        "z\n");
  CHECK(show("```\n**x**\n", {.width = 9}) == "┌───────┐\n│ **x** │\n└───────┘\n");
  CHECK(show("```c\nint x;\n```", {.width = 20, .frames = false}) == "  int x;\n");
}

TEST_CASE("a frame that is still being written is open and carries the mark") {
  const MarkdownOptions options = {.width = 12};
  CHECK(show("```\nab", options, false) == "┌──────────┐\n│ ab█      │\n");
  CHECK(show("```\nab\n", options, false) == "┌──────────┐\n│ ab       │\n│ █        │\n");
  CHECK(show("```\nab\n``", options, false) == "┌──────────┐\n│ ab       │\n│ █        │\n");
  CHECK(show("```\n12345678", options, false) == "┌──────────┐\n│ 12345678█│\n");
}

TEST_CASE("the mark stands behind the last character") {
  CHECK(show("", {.width = 12}, false) == "█\n");
  CHECK(show("abc", {.width = 12}, false) == "abc█\n");
  CHECK(show("abc\n", {.width = 12}, false) == "abc\n█\n");
  CHECK(show("abc\n\n", {.width = 12}, false) == "abc\n\n█\n");
  CHECK(show("- a **b", {.width = 12}, false) == "• a **b█\n");
}

TEST_CASE("tables are aligned in columns") {
  CHECK(show("| state | n |\n|:-:|--:|\n| empty | 0 |\n| **a** | 12 |\ntext") ==
        "state │  n\n──────┼───\nempty │  0\n  a   │ 12\ntext\n");
}

TEST_CASE("wide tables wrap their cells, narrow screens get pairs") {
  const std::string_view table = "name | meaning\n---|---\nalpha | the first letter of all\n";
  CHECK(show(table, {.width = 24}) ==
        "name  │ meaning\n──────┼─────────────────\nalpha │ the first letter\n      │ of all\n");
  CHECK(show(table, {.width = 24, .frames = false}) == "name: alpha\nmeaning: the first\n  letter of all\n");
}

TEST_CASE("links are numbered and listed at the end") {
  MarkdownLayout layout({.width = 60});
  layout.update("see [here](http://a) and ![pic](b.png \"title\")", true);
  CHECK(text_of_lines(layout.lines()) == "see here[1] and pic[2]\n\n[1] http://a\n[2] b.png\n");
  CHECK(layout.links() == std::vector<std::string>{"http://a", "b.png"});
}

TEST_CASE("margin and lead stand before the rows") {
  CHECK(show("a b c d\ne", {.width = 5, .margin = 2}) == "  a b\n  c d\n  e\n");
  const MarkdownOptions options = {.width = 10, .margin = 1, .lead = {{"you> ", Style::user}}};
  CHECK(show("one two three", options) == "you> one\n two three\n");
  CHECK(show("```\nx\n```", options) == "you>\n ┌───────┐\n │ x     │\n └───────┘\n");
  CHECK(show("", options) == "you>\n");
}

TEST_CASE("plain text is only wrapped") {
  CHECK(show("# a *b*\n\n\n- c", {.width = 20, .plain = true}) == "# a *b*\n\n\n- c\n");
}

TEST_CASE("text that arrives in pieces ends as the whole, at any width and cut") {
  const std::string document = kDocument;
  for (const int width : {10, 23, 40, 80}) {
    for (const bool frames : {true, false}) {
      const MarkdownOptions options = {.width = width, .frames = frames, .margin = 2};
      MarkdownLayout streamed(options);
      for (std::size_t n = 0; n <= document.size(); ++n) {
        streamed.update(document.substr(0, n), false);
        MarkdownLayout whole(options);
        whole.update(document.substr(0, n), false);
        CHECK(text_of_lines(streamed.lines()) == text_of_lines(whole.lines()));
      }
      streamed.update(document, true);
      CHECK(text_of_lines(streamed.lines()) == show(document, options));
    }
  }
}

TEST_CASE("rows are never wider than asked, and offsets never decrease") {
  for (int width = 12; width < 60; ++width) {
    MarkdownLayout layout({.width = width, .margin = 2});
    layout.update(kDocument, true);
    std::size_t source = 0;
    for (const Line& line : layout.lines()) {
      CHECK(display_width(line.spans) <= width);
      CHECK(line.source >= source);
      source = line.source;
    }
  }
}

TEST_CASE("what is settled is not looked at again, also in endless rows") {
  std::string text;
  MarkdownLayout layout({.width = 80});
  while (text.size() < 400000) {
    text += "word ";
    if (text.size() % 5000 == 0) layout.update(text, false);
  }
  layout.update(text, false);
  CHECK(text.size() - layout.settled_bytes() <= 16384 + 5);
  text += "\n```\n";
  for (int i = 0; i < 1000; ++i) text += "code\n";
  layout.update(text, false);
  CHECK(text.size() - layout.settled_bytes() == 0);
}
