#include "ui/keys.h"

#include <doctest/doctest.h>

using namespace glim::ui;

namespace {

struct Row {
  std::string_view bytes;
  Key key;
  int modifiers = 0;
  std::string_view text = {};
};

const Row kRows[] = {
    {"a", Key::character, 0, "a"},
    {"é", Key::character, 0, "é"},
    {"汉", Key::character, 0, "汉"},
    {"👍", Key::character, 0, "👍"},
    {"\r", Key::enter},
    {"\n", Key::control, 0, "j"},
    {"\t", Key::tab},
    {"\x7f", Key::backspace},
    {"\x08", Key::backspace},
    {"\x03", Key::control, 0, "c"},
    {"\x1b[?2026;2$y", Key::can_synchronize},
    {"\x1b[?2026;0$y", Key::unknown},
    {"\x1b[?2004;1$y", Key::unknown},
    {"\x1a", Key::control, 0, "z"},
    {"\x1f", Key::control, 0, "_"},
    {"\x1b[A", Key::up},
    {"\x1bOA", Key::up},
    {"\x1b[1;2A", Key::up, shift},
    {"\x1b[1;5C", Key::right, ctrl},
    {"\x1b[1;3D", Key::left, alt},
    {"\x1b[H", Key::home},
    {"\x1b[1~", Key::home},
    {"\x1b[7~", Key::home},
    {"\x1bOF", Key::end},
    {"\x1b[5~", Key::page_up},
    {"\x1b[6;5~", Key::page_down, ctrl},
    {"\x1b[3~", Key::delete_key},
    {"\x1b[2~", Key::insert},
    {"\x1bOP", Key::f1},
    {"\x1b[11~", Key::f1},
    {"\x1b[[A", Key::f1},
    {"\x1b[[E", Key::f5},
    {"\x1b[15~", Key::f5},
    {"\x1b[21~", Key::f10},
    {"\x1b[24;2~", Key::f12, shift},
    {"\x1b[Z", Key::tab, shift},
    {"\x1bx", Key::character, alt, "x"},
    {"\x1b汉", Key::character, alt, "汉"},
    {"\x1b\r", Key::enter, alt},
    {"\x1b\x7f", Key::backspace, alt},
    {"\x1b[13;2u", Key::enter, shift},
    {"\x1b[27;2;13~", Key::enter, shift},
    {"\x1b[27;5;9~", Key::tab, ctrl},
    {"\x1b[99;5u", Key::control, 0, "c"},
    {"\x1b[97;3u", Key::character, alt, "a"},
    {"\x1b[I", Key::focus_in},
    {"\x1b[O", Key::focus_out},
    {"\x1b[<64;10;5M", Key::wheel_up},
    {"\x1b[<65;10;5M", Key::wheel_down},
    {"\x1b[<0;10;5M", Key::mouse_press},
    {"\x1b[<0;10;5m", Key::mouse_release},
    {"\x1b[<35;10;5M", Key::unknown},
    {"\x1b[?1;2c", Key::unknown},
    {"\x1b[200~a\nb\x1b[31m\x1b[201~", Key::paste, 0, "a\nb\x1b[31m"},
    {"\xff", Key::unknown},
};

void check(const Row& row, const std::vector<KeyEvent>& events) {
  CAPTURE(row.bytes);
  REQUIRE(events.size() == 1);
  CHECK(events[0].key == row.key);
  CHECK(int{events[0].modifiers} == row.modifiers);
  CHECK(events[0].text == row.text);
}

}  // namespace

TEST_CASE("every sequence of the common terminals is its key") {
  for (const Row& row : kRows) check(row, KeyDecoder().push(row.bytes));
}

TEST_CASE("a sequence may arrive in pieces") {
  for (const Row& row : kRows) {
    KeyDecoder decoder;
    std::vector<KeyEvent> all;
    for (const char byte : row.bytes)
      for (KeyEvent& key : decoder.push({&byte, 1})) all.push_back(std::move(key));
    check(row, all);
    CHECK_FALSE(decoder.waiting());
  }
}

TEST_CASE("keys keep the bytes that made them") {
  for (const Row& row : kRows)
    if (row.key != Key::paste) CHECK(KeyDecoder().push(row.bytes)[0].bytes == row.bytes);
}

TEST_CASE("many keys in one read come out in their order") {
  const std::vector<KeyEvent> keys = KeyDecoder().push("a\x1b[A\x1b[200~p\x1b[201~\rb");
  REQUIRE(keys.size() == 5);
  CHECK(keys[1].is(Key::up));
  CHECK(keys[2].text == "p");
  CHECK(keys[4].text == "b");
}

TEST_CASE("a lone Esc is known only when nothing follows") {
  KeyDecoder decoder;
  CHECK(decoder.push("\x1b").empty());
  CHECK(decoder.waiting());
  const std::vector<KeyEvent> keys = decoder.give_up();
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].is(Key::escape));
  CHECK_FALSE(decoder.waiting());
  CHECK(decoder.give_up().empty());
}

TEST_CASE("Esc twice is Esc and the beginning of another") {
  KeyDecoder decoder;
  const std::vector<KeyEvent> keys = decoder.push("\x1b\x1b[A");
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].is(Key::escape));
  CHECK(keys[1].is(Key::up));
}

TEST_CASE("Alt with a bracket is known when nothing follows") {
  KeyDecoder decoder;
  CHECK(decoder.push("\x1b[").empty());
  CHECK(decoder.give_up().at(0).is_alt("["));
}

TEST_CASE("mouse positions count from zero") {
  const KeyEvent key = KeyDecoder().push("\x1b[<16;10;5M").at(0);
  CHECK(key.mouse == Point{4, 9});
  CHECK(key.modifiers == ctrl);
}

TEST_CASE("a paste is not waited for with the escape time") {
  KeyDecoder decoder;
  CHECK(decoder.push("\x1b[200~text\x1b[20").empty());
  CHECK_FALSE(decoder.waiting());
  CHECK(decoder.push("1~").at(0).text == "text");
}

TEST_CASE("a sequence that is broken off does not swallow what follows") {
  const std::vector<KeyEvent> keys = KeyDecoder().push("\x1b[12\rx");
  REQUIRE(keys.size() == 3);
  CHECK(keys[0].key == Key::unknown);
  CHECK(keys[1].is(Key::enter));
  CHECK(keys[2].text == "x");
}

TEST_CASE("endless parameters are given up") {
  KeyDecoder decoder;
  CHECK_FALSE(decoder.push("\x1b[" + std::string(100, '1')).empty());
}
