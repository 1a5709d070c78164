#include "engine/text/stop_strings.h"

#include <doctest/doctest.h>

#include <utility>

using glim::StopStrings;
using Stops = std::vector<std::string>;

namespace {

/// Shown text and stop when `text` arrives `portion` bytes at a time.
std::pair<std::string, std::optional<std::size_t>> run(const Stops& stops, std::string_view text,
                                                       std::size_t portion) {
  StopStrings watch(stops);
  std::string shown;
  for (std::size_t at = 0; at < text.size(); at += portion) {
    const StopStrings::Step step = watch.push(text.substr(at, portion));
    shown += step.text;
    if (step.stop) return {shown, step.stop};
  }
  return {shown + watch.flush(), std::nullopt};
}

}  // namespace

TEST_CASE("only what may begin a stop string is held back") {
  StopStrings watch({"END", "\n\n"});
  CHECK(watch.push("some E").text == "some ");
  CHECK(watch.push("N").text == "");
  CHECK(watch.push("T\n").text == "ENT");
  CHECK(watch.push("x").text == "\nx");
  CHECK(watch.push("E").text == "");
  CHECK(watch.flush() == "E");
}

TEST_CASE("text before the stop string is released and nothing after it") {
  StopStrings watch({"STOP"});
  CHECK(watch.push("abcST").text == "abc");
  const StopStrings::Step step = watch.push("OP more");
  CHECK(step.text == "");
  CHECK(step.stop == 0u);
  CHECK(watch.push("more").text == "");
  CHECK(watch.push("more").stop == 0u);
  CHECK(watch.flush() == "");
}

TEST_CASE("a start of a stop string inside another one is found") {
  StopStrings watch({"aab"});
  CHECK(watch.push("aaa").text == "a");
  const StopStrings::Step step = watch.push("b");
  CHECK(step.text == "");
  CHECK(step.stop == 0u);
}

TEST_CASE("the stop that is complete first wins and of equal ends the longest") {
  CHECK(run({"abcd", "bc"}, "xabcd", 5) == std::pair(std::string("xa"), std::optional<std::size_t>(1)));
  CHECK(run({"c", "abc"}, "xabc", 4) == std::pair(std::string("x"), std::optional<std::size_t>(1)));
}

TEST_CASE("no stops and empty stops hold nothing back") {
  CHECK(StopStrings({}).push("text").text == "text");
  CHECK(StopStrings({""}).push("text").text == "text");
}

TEST_CASE("the result does not depend on the portions") {
  std::uint32_t state = 7;
  const auto random = [&state](std::uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % n;
  };
  const auto random_text = [&](std::uint32_t length) {
    std::string text;
    for (std::uint32_t i = 0; i < length; ++i) text += static_cast<char>('a' + random(2));
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    Stops stops;
    for (std::uint32_t i = 0, n = 1 + random(3); i < n; ++i) stops.push_back(random_text(2 + random(5)));
    const std::string text = random_text(random(24));
    const auto letter_by_letter = run(stops, text, 1);
    for (std::size_t portion = 2; portion <= text.size(); ++portion)
      CHECK(run(stops, text, portion) == letter_by_letter);
    if (!letter_by_letter.second) CHECK(letter_by_letter.first == text);
  }
}
