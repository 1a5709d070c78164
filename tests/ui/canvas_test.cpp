#include "ui/canvas.h"

#include <doctest/doctest.h>

using namespace glim::ui;

TEST_CASE("text is clipped at every edge") {
  Canvas canvas(2, 5);
  canvas.put({0, 3}, "abc", {});
  canvas.put({1, -2}, "xyz", {});
  canvas.put({2, 0}, "below", {});
  canvas.put({-1, 0}, "above", {});
  CHECK(canvas.text() == "   ab\nz");
}

TEST_CASE("a wide character is drawn whole or not at all") {
  Canvas canvas(1, 3);
  CHECK(canvas.put({0, 0}, "汉字", {}) == 2);
  CHECK(canvas.text() == "汉");
  CHECK(canvas.at(0, 1).width == 0);
}

TEST_CASE("drawing over half of a wide character clears the other half") {
  Canvas canvas(1, 4);
  canvas.put({0, 0}, "汉字", {});
  canvas.put({0, 1}, "x", {});
  CHECK(canvas.text() == " x字");
  canvas.put({0, 2}, "y", {});
  CHECK(canvas.text() == " xy");
}

TEST_CASE("no control character passes through a canvas") {
  Canvas canvas(1, 40);
  canvas.put({0, 0},
             "a\x1b]0;title\x07\r\n\x9b"
             "31m\u009b",
             {});
  for (int col = 0; col < 40; ++col)
    for (const char c : canvas.at(0, col).text) CHECK(static_cast<unsigned char>(c) >= 0x20);
}

TEST_CASE("boxes, lines and fills are clipped") {
  Canvas canvas(3, 6);
  canvas.box({0, 0, 3, 6}, kUnicodeGlyphs, Style::rule);
  CHECK(canvas.text() == "┌────┐\n│    │\n└────┘");
  canvas.fill({1, 1, 9, 9}, {}, "x");
  CHECK(canvas.text() == "┌────┐\n│xxxxx\n└xxxxx");
  canvas.box({0, 0, 3, 6}, kAsciiGlyphs, Style::rule);
  CHECK(canvas.row_text(0) == "+----+");
}

TEST_CASE("text is put at the right end only when it fits") {
  Canvas canvas(1, 10);
  CHECK(canvas.put_right({0, 4}, {{"right", {}}}, 10));
  CHECK(canvas.text() == "     right");
  CHECK_FALSE(canvas.put_right({0, 6}, {{"right", {}}}, 10));
}

TEST_CASE("every style has a name of its own") {
  for (std::size_t i = 0; i < kStyleCount; ++i)
    CHECK(style_named(style_name(static_cast<Style>(i))) == static_cast<Style>(i));
  CHECK_FALSE(style_named("no such style").has_value());
}

TEST_CASE("without colour no style asks for one") {
  for (std::size_t i = 0; i < kStyleCount; ++i)
    CHECK(default_theme().of(static_cast<Style>(i), ColorMode::none).foreground == -1);
}

TEST_CASE("every sign of ours has an ASCII replacement") {
  CHECK(ascii_for("▶") == ">");
  CHECK(ascii_for("a") == "a");
  CHECK(ascii_for("汉") == "?");
}
