#include "ui/sanitize.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <random>

#include "engine/base/utf8.h"

using namespace glim;
using namespace glim::ui;

namespace {

struct Case {
  std::string_view name, input, shown;
};

using namespace std::string_view_literals;

const Case kCases[] = {
    {"plain text", "Grüße, 汉字 👍\n"sv, "Grüße, 汉字 👍\n"},
    {"colour", "\x1b[1;31mred\x1b[0m"sv, "[esc]red[esc]"},
    {"private CSI", "\x1b[?1049hx"sv, "[esc]x"},
    {"CSI with intermediates", "\x1b[1 qx\x1b[!px"sv, "[esc]x[esc]x"},
    {"title ended by BEL", "\x1b]0;owned\x07x"sv, "[esc]x"},
    {"clipboard ended by ST", "\x1b]52;c;ZXZpbA==\x1b\\x"sv, "[esc]x"},
    {"hyperlink", "\x1b]8;;http://a\x1b\\text\x1b]8;;\x1b\\"sv, "[esc]text[esc]"},
    {"device control", "\x1bP$q\"p\x1b\\x"sv, "[esc]x"},
    {"BEL does not end a device control string",
     "\x1bPa\x07"
     "b\x1b\\x"sv,
     "[esc]x"},
    {"start of string, privacy message, application", "\x1bXa\x1b\\1\x1b^b\x1b\\2\x1b_c\x1b\\3"sv,
     "[esc]1[esc]2[esc]3"},
    {"single shifts", "\x1bNax\x1bOby"sv, "[esc]x[esc]y"},
    {"two-byte sequences",
     "\x1b"
     "cx\x1b"
     "7y"sv,
     "[esc]x[esc]y"},
    {"character set", "\x1b(0lqk"sv, "[esc]lqk"},
    {"sequence within a sequence", "\x1b[3\x1b[1mx"sv, "[esc][esc]x"},
    {"string cancelled by a sequence", "\x1b]0;a\x1b[1mx"sv, "[esc][esc]x"},
    {"cancelled", "\x1b[3\x18x\x1b]0;t\x1ay"sv, "[esc]x[esc]y"},
    {"escape before a character that cannot follow", "\x1b汉"sv, "[esc]汉"},
    {"CSI broken off by a wide character", "\x1b[12汉"sv, "[esc]汉"},
    {"unterminated string ends with the line", "\x1b]0;title\nnext"sv, "[esc]\nnext"},
    {"unterminated CSI ends with the line", "\x1b[12\r\nnext"sv, "[esc]\nnext"},
    {"escape at the end", "x\x1b"sv, "x[esc]"},
    {"control characters", "a\0b\x07\x08\x7f"sv, "a^@b^G^H^?"},
    {"tabs", "a\tb\n\t汉\tc"sv, "a   b\n    汉  c"},
    {"line ends", "a\r\nb\rc\r\r\nd"sv, "a\nb^Mc^M\nd"},
    {"separators", "a\u2028b\u2029c\u0085d"sv, "a\nb\nc\nd"},
    {"C1 as characters", "a\u009b31mb\u0090"sv, "a[x9b]31mb[x90]"},
    {"C1 as bytes",
     "a\x9b"
     "31m\x85z"sv,
     "a[x9b]31m[x85]z"},
    {"bytes that are no UTF-8",
     "a\xff"
     "b\xe2\x82"
     "c\xf0\x9f\x92"sv,
     "a\ufffdb\ufffdc\ufffd"},
    {"overlong and surrogates", "\xc0\xaf|\xed\xa0\x80"sv, "\ufffd\ufffd|\ufffd\ufffd[x80]"},
    {"bidirectional controls",
     "a\u202e"
     "b\u2066"
     "c\u200f\u061c"sv,
     "a[RLO]b[LRI]c[RLM][ALM]"},
    {"bidirectional text", "שלום"sv, "שלום"},
    {"invisible characters", "a\u200b\u2060\ufeff\U000e0041b"sv, "ab"},
    {"joiners stay", "👩‍👧"sv, "👩‍👧"},
};

std::string in_two(std::string_view input, std::size_t cut) {
  Sanitizer sanitizer;
  std::string out = sanitizer.push(input.substr(0, cut));
  out += sanitizer.push(input.substr(cut));
  return out + sanitizer.finish();
}

std::string byte_by_byte(std::string_view input) {
  Sanitizer sanitizer;
  std::string out;
  for (const char c : input) out += sanitizer.push({&c, 1});
  return out + sanitizer.finish();
}

bool is_safe(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char c = utf8_next(text);
    const bool control = (c.code < 0x20 && c.code != '\n') || (c.code >= 0x7f && c.code <= 0x9f);
    if (!c.valid || control || c.code == 0x2028 || (c.code >= 0x202a && c.code <= 0x202e)) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

}  // namespace

TEST_CASE("hostile text becomes text that can be shown") {
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    CHECK(sanitize(c.input) == c.shown);
  }
}

TEST_CASE("where the stream is cut makes no difference") {
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    for (std::size_t cut = 0; cut <= c.input.size(); ++cut) CHECK(in_two(c.input, cut) == c.shown);
    CHECK(byte_by_byte(c.input) == c.shown);
  }
}

TEST_CASE("sanitizing twice changes nothing") {
  for (const Case& c : kCases) CHECK(sanitize(c.shown) == c.shown);
}

TEST_CASE("an unterminated sequence hides at most 4096 bytes") {
  const std::string shown = sanitize("\x1b]0;" + std::string(10000, 'a'));
  CHECK(shown == "[esc]" + std::string(10000 + 4 - 4096, 'a'));
  const std::string digits = sanitize("\x1b[" + std::string(5000, '1'));
  CHECK(digits == "[esc]" + std::string(5000 + 2 - 4096, '1'));
}

TEST_CASE("at most eight combining marks stay on a base, and what is dropped is counted") {
  std::string text = "a";
  for (int i = 0; i < 30; ++i) text += "\u0301";
  Sanitizer sanitizer;
  CHECK(sanitizer.push(text + "\u200b").size() == 1 + 8 * 2);
  CHECK(sanitizer.dropped() == 22 + 1);
}

TEST_CASE("an unfinished character waits for the rest") {
  Sanitizer sanitizer;
  CHECK(sanitizer.push("a\xf0\x9f") == "a");
  CHECK(sanitizer.push("\x91\x8d") == "👍");
  CHECK(sanitizer.push("\xf0\x9f") == "");
  CHECK(sanitizer.finish() == "\ufffd");
  CHECK(sanitizer.push("b") == "b");
}

TEST_CASE("where the locale shows only ASCII other characters are spelled out") {
  CHECK(sanitize("a汉é\n", {.ascii_only = true}) == "a\\u{6C49}\\u{00E9}\n");
}

TEST_CASE("one row has no newline") {
  CHECK(sanitize_line("a\nb\r\nc") == "a b c");
}

TEST_CASE("no random stream gets a control character through") {
  std::mt19937 random(7);
  const std::string_view alphabet = "\x1b\x1b[]P\\;0m\x07\x9b\xc2\x9c\xe2\x80\xae\n\r\ta\xf0\x9f"sv;
  for (int round = 0; round < 2000; ++round) {
    std::string input;
    for (auto n = random() % 40; n > 0; --n) input += alphabet[random() % alphabet.size()];
    const std::string shown = sanitize(input);
    CHECK(is_safe(shown));
    CHECK(byte_by_byte(input) == shown);
    CHECK(sanitize(shown) == shown);
  }
}
