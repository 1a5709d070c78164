#include "ui/paste_chips.h"

#include <doctest/doctest.h>

using namespace glim::ui;

namespace {

std::string lines(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "row\n";
  return out;
}

}  // namespace

TEST_CASE("a paste is long from 21 lines or 4 kB on") {
  CHECK(!PasteChips::is_long(lines(20)));
  CHECK(PasteChips::is_long(lines(21)));
  CHECK(PasteChips::is_long(lines(20) + "x"));
  CHECK(!PasteChips::is_long(std::string(4096, 'x')));
  CHECK(PasteChips::is_long(std::string(4097, 'x')));
}

TEST_CASE("a draft is shown with labels and sent with texts") {
  PasteChips chips;
  const std::string one = chips.add(lines(143), 1100).value(), two = chips.add("long", std::nullopt).value();
  const std::string draft = "a " + one + " b" + two;
  CHECK(chips.expanded(draft) == "a " + lines(143) + " blong");
  const PasteChips::Shown shown = chips.shown(draft, 6);
  CHECK(shown.text == "a [paste 143 lines · 1.1k tok] b[paste 4 bytes]");
  CHECK(shown.text.substr(0, shown.cursor) == "a [paste 143 lines · 1.1k tok]");
  REQUIRE(shown.labels.size() == 2);
  CHECK(shown.text.substr(shown.labels[1].begin, shown.labels[1].end) == "[paste 4 bytes]");
  CHECK(chips.shown(draft, 2).cursor == 2);
  CHECK(chips.text_of(one) == lines(143));
}

TEST_CASE("the paste before the cursor is the one that is meant, else the first") {
  PasteChips chips;
  const std::string draft = chips.add("one", 1).value() + " " + chips.add("two", 1).value();
  CHECK(chips.near(draft, 0) == PasteChips::Range{0, 4});
  CHECK(chips.near(draft, 5) == PasteChips::Range{0, 4});
  CHECK(chips.near(draft, 9) == PasteChips::Range{5, 9});
  CHECK(!chips.near("nothing", 3));
}

TEST_CASE("text from outside cannot name a paste, and characters that are cut do no harm") {
  PasteChips chips;
  const std::string mark = chips.add("secret", 1).value();
  CHECK(PasteChips::without_marks("a" + mark + "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(PasteChips::without_marks("汉\xf3\xb0") == "汉\xef\xbf\xbd");
  CHECK(PasteChips::without_marks("plain 汉") == "plain 汉");
  CHECK(chips.expanded("\xf3\xb0") == "\xf3\xb0");
  CHECK(chips.expanded("\xf3\xb0\x80\x81") == "\xf3\xb0\x80\x81");  // there is no second paste
}
