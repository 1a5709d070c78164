#include "ui/text_layout.h"

#include <doctest/doctest.h>
#include <clocale>
#include <cwchar>

#include "engine/base/utf8.h"

using namespace glim;
using namespace glim::ui;

namespace {

std::vector<std::string> rows(std::string_view text, int width) {
  std::vector<std::string> out;
  for (const Line& line : wrap(text, width)) out.push_back(text_of(line));
  return out;
}

std::string shown(std::string_view text) {
  std::string out;
  for (ShapeReader reader(text); !reader.done();) out += reader.next().text;
  return out;
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("widths are what the C library says wherever both know the character") {
  // Unicode 15 characters are known here and not to glibc 2.36; the reverse must not happen.
  REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  int differing = 0, unknown_here = 0;
  for (char32_t code = 0x20; code < 0x110000; ++code) {
    const int library = wcwidth(static_cast<wchar_t>(code));
    if (library < 0) continue;
    unknown_here += code_width(code) < 0;
    differing += code_width(code) >= 0 && code_width(code) != library;
  }
  CHECK(differing == 0);
  CHECK(unknown_here == 0);
}

TEST_CASE("every character has the columns that it takes on screen") {
  CHECK(display_width("glim") == 4);
  CHECK(display_width("汉字") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("한글") == 4);
  CHECK(display_width("\u1112\u1161\u11ab") == 2);  // conjoining jamo
  CHECK(display_width("👩‍👩‍👧") == 6);  // three people
  CHECK(display_width("👍🏽") == 2);
  CHECK(display_width("❤️") == 1);
  CHECK(display_width("🇩🇪") == 2);
  CHECK(display_width("a\tb") == 3);
}

TEST_CASE("joiners, variation selectors and skin tones are dropped on screen") {
  CHECK(shown("👩‍👩‍👧") == "👩👩👧");
  CHECK(shown("👍🏽") == "👍");
  CHECK(shown("❤️x") == "❤x");
  CHECK(shown("a\u200bb") == "ab");
}

TEST_CASE("at most eight combining marks are shown per character") {
  std::string text = "a", expected = "a";
  for (int i = 0; i < 20; ++i) text += "\u0301", expected += i < 8 ? "\u0301" : "";
  CHECK(shown(text + "b") == expected + "b");
  CHECK(shown("\u0301b") == " \u0301b");
}

TEST_CASE("what has no width is shown as a sign or a box") {
  CHECK(shown("\x1b[31m") == "␛[31m");
  CHECK(shown("\x7f\u009b") == "␡□");
  CHECK(shown("\u0378") == "□");
  CHECK(shown("\xff\xe2\x82") == "\ufffd\ufffd");
}

TEST_CASE("text is cut to a width with an ellipsis and padded with blanks") {
  CHECK(fit("conversation", 20, "…") == "conversation");
  CHECK(fit("conversation", 6, "…") == "conve…");
  CHECK(fit("汉字汉字", 6, "…") == "汉字…");
  CHECK(fit("abc", 0, "…") == "");
  CHECK(pad("汉", 4) == "汉  ");
}

TEST_CASE("the cursor moves by grapheme clusters in both directions") {
  const std::string text = "a👩‍👩‍👧🇩🇪🇫🇷e\u0301\n\nz";
  std::vector<std::size_t> forward = {0};
  while (forward.back() < text.size()) forward.push_back(next_grapheme(text, forward.back()));
  CHECK(forward.size() == 9);  // a, family, two flags, é, two newlines, z
  std::vector<std::size_t> backward = {text.size()};
  while (backward.back() > 0) backward.push_back(previous_grapheme(text, backward.back()));
  CHECK(std::vector(backward.rbegin(), backward.rend()) == forward);
}

TEST_CASE("rows break after blanks, and the blanks vanish") {
  CHECK(rows("the quick brown fox", 10) == Rows{"the quick", "brown fox"});
  CHECK(rows("the quick  brown", 9) == Rows{"the quick", "brown"});
  CHECK(rows("ab cd", 5) == Rows{"ab cd"});
  CHECK(rows("  indented text", 12) == Rows{"  indented", "text"});
}

TEST_CASE("words that are longer than a row are cut") {
  CHECK(rows("abcdefghij", 4) == Rows{"abcd", "efgh", "ij"});
  CHECK(rows("x abcdefghij", 4) == Rows{"x", "abcd", "efgh", "ij"});
  CHECK(rows("汉字", 1) == Rows{"汉", "字"});
}

TEST_CASE("wide characters break anywhere but not before closing punctuation") {
  CHECK(rows("汉字汉字汉字", 5) == Rows{"汉字", "汉字", "汉字"});
  CHECK(rows("汉字。汉字", 4) == Rows{"汉", "字。", "汉字"});
}

TEST_CASE("newlines are kept, also empty rows and the last one") {
  CHECK(rows("", 10) == Rows{""});
  CHECK(rows("a\n\nb", 10) == Rows{"a", "", "b"});
  CHECK(rows("a\n", 10) == Rows{"a", ""});
  CHECK(rows("abcd    \nef", 4) == Rows{"abcd", "ef"});
}

TEST_CASE("every row knows the byte of the text that it begins with") {
  const std::string text = "alpha beta\ngamma 汉字 delta";
  for (int width = 1; width < 30; ++width)
    for (const Line& line : wrap(text, width)) {
      CHECK(line.source <= text.size());
      CHECK(text.substr(line.source).starts_with(text_of(line)));
    }
}

TEST_CASE("prefixes stand before the first and before the other rows") {
  const Spans body = {{"one two three", Style::text, 0}};
  const WrapOptions options = {.width = 8, .first = {{"- ", Style::dim}}, .rest = {{"  ", Style::dim}}};
  const std::vector<Line> lines = wrap(body, options);
  REQUIRE(lines.size() == 3);
  CHECK(text_of(lines[0]) == "- one");
  CHECK(text_of(lines[1]) == "  two");
  CHECK(text_of(lines[2]) == "  three");
}

TEST_CASE("inks survive wrapping") {
  const Spans body = {{"plain ", Style::text, 0}, {"bold words", {Style::text, bold}, 6}};
  const std::vector<Line> lines = wrap(body, {.width = 10, .first = {}, .rest = {}});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].spans[1].text == "bold");
  CHECK(lines[1].spans[0].ink == Ink(Style::text, bold));
  CHECK(lines[1].source == 11);
}
