#include "ui/numbers.h"

#include <doctest/doctest.h>

using namespace glim::ui;

namespace {

constexpr std::int64_t gib(double n) {
  return static_cast<std::int64_t>(n * 0x1p30);
}

}  // namespace

TEST_CASE("rates have about three digits") {
  CHECK(rate(9.04) == "9.04");
  CHECK(rate(18.2) == "18.2");
  CHECK(rate(131) == "131");
  CHECK(rate(12345) == "12.3k");
  CHECK(rate(0) == "0.00");
  CHECK(rate(9.996) == "10.0");
  CHECK(rate(99.96) == "100");
  CHECK(rate(9999.7) == "10.0k");
  CHECK(rate(-1) == "–");
}

TEST_CASE("durations change their unit with their size") {
  CHECK(duration(0.842) == "842ms");
  CHECK(duration(1.27) == "1.27s");
  CHECK(duration(65) == "1m05s");
  CHECK(duration(7800) == "2h10m");
  CHECK(duration(0.9997) == "1.00s");
  CHECK(duration(59.997) == "1m00s");
  CHECK(duration(3599.6) == "1h00m");
  CHECK(duration_in_words(11.8) == "11.8 s");
  CHECK(duration_in_words(0.84) == "0.84 s");
  CHECK(duration_in_words(65) == "1 m 05 s");
}

TEST_CASE("token counts are short or exact") {
  CHECK(tokens_short(966) == "966");
  CHECK(tokens_short(12431) == "12.4k");
  CHECK(tokens_short(65536) == "65.5k");
  CHECK(tokens_short(999960) == "1.0M");
  CHECK(tokens_long(12431, kUnicodeGlyphs) == "12\u2009431");
  CHECK(tokens_long(12431, kAsciiGlyphs) == "12 431");
  CHECK(tokens_long(966, kAsciiGlyphs) == "966");
  CHECK(tokens_long(1234567, kAsciiGlyphs) == "1 234 567");
}

TEST_CASE("byte counts are binary") {
  CHECK(bytes_short(gib(1.76)) == "1.76G");
  CHECK(bytes_short(gib(32.3)) == "32.3G");
  CHECK(bytes_short(512) == "512B");
  CHECK(bytes_short((1 << 30) - 1) == "1.00G");
  CHECK(bytes_long(gib(29.65)) == "29.65 GiB");
  CHECK(bytes_long(3 << 20) == "3.00 MiB");
  CHECK(bytes_of_short(gib(0.33), gib(1.76)) == ".33/1.76G");
  CHECK(bytes_of_short(gib(32.3), gib(94.1)) == "32.3/94.1G");
  CHECK(bytes_of_long(gib(0.33), gib(1.76)) == "0.33/1.76 GiB");
}

TEST_CASE("a percentage is never rounded to nothing or to all") {
  CHECK(percent(0.19) == "19%");
  CHECK(percent(0) == "0%");
  CHECK(percent(1) == "100%");
  CHECK(percent(0.0001) == "<1%");
  CHECK(percent(0.9999) == ">99%");
}

TEST_CASE("meters are as full as what they show") {
  CHECK(meter(0.34, 20, kAsciiGlyphs) == "#######.............");
  CHECK(meter(2, 3, kAsciiGlyphs) == "###");
  CHECK(meter(0, 3, kUnicodeGlyphs) == "░░░");
}

TEST_CASE("shares, divergences and chances keep their small values") {
  CHECK(percent_fine(0.969) == "96.9%");
  CHECK(percent_fine(0.99999) == "99.9%");
  CHECK(percent_fine(1) == "100%");
  CHECK(percent_fine(0.0001) == "0.1%");
  CHECK(nats(0) == "0");
  CHECK(nats(0.00001) == "<.0001");
  CHECK(nats(0.0009) == ".0009");
  CHECK(nats(0.019) == ".019");
  CHECK(nats(2.908) == "2.91");
  CHECK(nats(12.94) == "12.9");
  CHECK(chance(0.71) == ".71");
  CHECK(chance(0.001) == "<.01");
  CHECK(chance(0.999) == "1");
}

TEST_CASE("changes have a sign until they are a factor") {
  CHECK(change(1.53, kUnicodeGlyphs) == "+53%");
  CHECK(change(0.58, kUnicodeGlyphs) == "−42%");
  CHECK(change(0.58, kAsciiGlyphs) == "-42%");
  CHECK(change(1.001, kUnicodeGlyphs) == "±0%");
  CHECK(change(25, kUnicodeGlyphs) == "×25");
}
