#include "ui/text_marks.h"

#include <doctest/doctest.h>
#include <limits>

#include "ui/markdown.h"

using namespace glim::ui;

namespace {

std::string text_of(const Spans& spans) {
  std::string out;
  for (const Span& span : spans) out += span.text;
  return out;
}

std::string show(MarkdownLayout& layout, std::string_view text, bool finished = true) {
  layout.update(text, finished);
  std::string out;
  for (const Line& line : layout.lines()) {
    std::string row = glim::ui::text_of(line);
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

std::shared_ptr<TextMarks> marks(std::vector<TextMarks::Tint> tints, std::vector<TextMarks::Note> notes) {
  auto out = std::make_shared<TextMarks>();
  out->tints = std::move(tints);
  out->notes = std::move(notes);
  return out;
}

}  // namespace

TEST_CASE("notes stand between the bytes and tints on them") {
  const TextMarks m = *marks({{2, 5, Style::heat_most}},
                             {{0, "<", Style::dim}, {4, "[x→", Style::dim}, {6, "]", Style::dim}});
  const Spans spans = with_marks({{"abcdef", Ink(Style::text, bold)}}, m, 0, 6);
  CHECK(text_of(spans) == "<abcd[x→ef]");
  REQUIRE(spans.size() == 7);
  CHECK(spans[2].text == "cd");
  CHECK(spans[2].ink == Ink(Style::heat_most, bold));
  CHECK(spans[4].text == "e");
  CHECK(spans[4].ink.style == Style::heat_most);
  CHECK(spans[5].ink.style == Style::text);
  CHECK(spans[4].source == 4);
  CHECK(spans[3].added);
  CHECK(spans[3].source == 4);
}

TEST_CASE("marks outside the row belong to other rows") {
  const TextMarks m = *marks({{0, 3, Style::heat_low}, {20, 30, Style::heat_low}},
                             {{3, "A", {}}, {12, "B", {}}, {25, "C", {}}});
  const Spans spans = with_marks({{"0123456789", Style::text, 10}}, m, 10, 20);
  CHECK(text_of(spans) == "01B23456789");
  for (const Span& span : spans) CHECK(span.ink.style == Style::text);
}

TEST_CASE("a mark inside a character moves behind it") {
  const TextMarks m = *marks({{1, 2, Style::heat_low}}, {});
  const Spans spans = with_marks({{"ü€", Style::text}}, m, 0, 5);
  CHECK(text_of(spans) == "ü€");
  for (const Span& span : spans) CHECK((static_cast<unsigned char>(span.text[0]) & 0xc0) != 0x80);
}

TEST_CASE("the first place where two sets of marks differ") {
  const auto a = marks({{2, 5, Style::heat_low}}, {{1, "x", {}}, {9, "y", {}}});
  CHECK(same_until(*a, *a) == std::numeric_limits<std::size_t>::max());
  CHECK(same_until(*a, *marks({{2, 5, Style::heat_low}}, {{1, "x", {}}})) == 9);
  CHECK(same_until(*a, *marks({{2, 6, Style::heat_low}}, {{1, "x", {}}, {9, "y", {}}})) == 2);
  CHECK(same_until(TextMarks{}, *a) == 1);
}

TEST_CASE("marks in every kind of block") {
  const std::string text = "- **one** two\n\n```\ncode = 1\n```\n\n| a | b |\n|---|---|\n| c | d |\n";
  const auto at = [&](const char* word) { return text.find(word); };
  MarkdownLayout layout({.width = 40});
  layout.set_marks(marks({{at("code"), at("code") + 4, Style::heat_most}}, {{at("one"), "[eins→", {}},
                                                                            {at("**") + 7, "]", {}},
                                                                            {at("code"), "<", {}},
                                                                            {at("d |"), "{", {}},
                                                                            {at("d |") + 1, "}", {}}}));
  const std::string shown = show(layout, text);
  CAPTURE(shown);
  CHECK(shown.find("• [eins→one] two") != std::string::npos);
  CHECK(shown.find("<code = 1") != std::string::npos);
  CHECK(shown.find("{d}") != std::string::npos);
  int hot = 0;
  for (const Line& line : layout.lines())
    for (const Span& span : line.spans)
      if (span.ink.style == Style::heat_most) hot += static_cast<int>(span.text.size());
  CHECK(hot == 4);
}

TEST_CASE("offsets of rows never decrease, long notes or not") {
  const std::string text = "one two three four five six seven eight nine ten";
  MarkdownLayout layout({.width = 12});
  layout.set_marks(marks({}, {{4, "[a very long note about it→", {}}, {7, "]", {}}}));
  show(layout, text);
  REQUIRE(layout.lines().size() > 5);
  for (std::size_t i = 1; i < layout.lines().size(); ++i)
    CHECK(layout.lines()[i - 1].source <= layout.lines()[i].source);
}

TEST_CASE("new marks for settled rows and for the row being written") {
  const std::string text = "first row\nsecond row\nthird";
  MarkdownLayout layout({.width = 40});
  CHECK(show(layout, text, false) == "first row\nsecond row\nthird█\n");
  layout.set_marks(marks({}, {{21, ">", {}}}));
  CHECK(show(layout, text, false) == "first row\nsecond row\n>third█\n");
  layout.set_marks(marks({}, {{6, "*", {}}, {21, ">", {}}}));
  CHECK(show(layout, text + " row", false) == "first *row\nsecond row\n>third row█\n");
  layout.set_marks(nullptr);
  CHECK(show(layout, text + " row") == "first row\nsecond row\nthird row\n");
}
