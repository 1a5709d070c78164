#include "engine/text/utf8_stream.h"

#include <doctest/doctest.h>

#include <vector>

#include "engine/base/utf8.h"

using glim::Utf8Stream;

namespace {

std::string in_portions(std::string_view bytes, std::size_t portion) {
  Utf8Stream stream;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += portion) {
    const std::string text = stream.push(bytes.substr(at, portion));
    CHECK(glim::is_utf8(text));
    CHECK(stream.held() <= 3);
    out += text;
  }
  return out + stream.flush();
}

}  // namespace

TEST_CASE("a character appears when its last byte arrives") {
  Utf8Stream stream;
  CHECK(stream.push("a\xf0\x9f") == "a");
  CHECK(stream.held() == 2);
  CHECK(stream.push("\x98") == "");
  CHECK(stream.push("\x80z") == "\xf0\x9f\x98\x80z");
  CHECK(stream.flush() == "");
}

TEST_CASE("a token may end one character and begin the next") {
  Utf8Stream stream;
  CHECK(stream.push("\xe6\x88") == "");
  CHECK(stream.push("\x91\xe4") == "\xe6\x88\x91");
  CHECK(stream.push("\xbb\xac") == "\xe4\xbb\xac");
}

TEST_CASE("a broken beginning becomes one replacement character") {
  Utf8Stream stream;
  CHECK(stream.push("\xe6\x88") == "");
  CHECK(stream.push("x") == "\xef\xbf\xbdx");
  CHECK(stream.push("\xe6\x88") == "");
  CHECK(stream.flush() == "\xef\xbf\xbd");
  CHECK(stream.flush() == "");
}

TEST_CASE("bytes that begin no character are replaced at once") {
  Utf8Stream stream;
  CHECK(stream.push("\x80") == "\xef\xbf\xbd");
  CHECK(stream.push("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(stream.push("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  CHECK(stream.push("\xf5") == "\xef\xbf\xbd");
  CHECK(stream.push("\xf4\x90") == "\xef\xbf\xbd\xef\xbf\xbd");  // beyond U+10FFFF
}

TEST_CASE("the result does not depend on the portions") {
  const std::vector<std::string> texts = {"plain", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                                          "\xff\xe2\x82 \xf0\x9f\x98", "\xe0\x80\x80\xf0\x80\xc3(",
                                          std::string("\0\xc3\0", 3)};
  for (const std::string& text : texts) {
    const std::string whole = in_portions(text, text.size());
    for (std::size_t portion = 1; portion < text.size(); ++portion)
      CHECK(in_portions(text, portion) == whole);
  }
}
