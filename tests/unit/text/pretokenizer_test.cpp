#include "engine/text/pretokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/text.h"

using glim::Pretokenizer;

namespace {

std::vector<std::string> split(std::string_view name, std::string_view text) {
  const glim::PretokenizerRule* rule = glim::find_pretokenizer(name);
  REQUIRE(rule != nullptr);
  const auto words = Pretokenizer(*rule).split(text);
  return {words.begin(), words.end()};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("every rule splits the reference texts as its regular expression defines") {
  std::ifstream file(GLIM_SOURCE_DIR "/tests/golden/pretok_golden.json");
  const auto golden = nlohmann::json::parse(file);
  REQUIRE(golden["cases"].size() == 370);
  for (const auto& [name, pattern] : golden["patterns"].items()) {
    const glim::PretokenizerRule* rule = glim::find_pretokenizer(name);
    REQUIRE(rule != nullptr);
    const Pretokenizer pretokenizer(*rule);
    for (const auto& row : golden["cases"]) {
      const auto text = row["text"].get<std::string>();
      const auto words = pretokenizer.split(text);
      INFO(name, ": ", glim::printable(text));
      CHECK(Words(words.begin(), words.end()) == row["words"][name].get<Words>());
    }
  }
}

TEST_CASE("the table has no name twice and knows no made-up name") {
  const auto names = glim::pretokenizer_names();
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
  for (std::string_view name : names) CHECK(glim::find_pretokenizer(name) != nullptr);
  CHECK(glim::find_pretokenizer("glm5-made-up") == nullptr);
}

TEST_CASE("an apostrophe takes English endings in either case but no long s") {
  CHECK(split("glm4", "it'S I'LL") == Words{"it", "'S", " I", "'LL"});
  CHECK(split("glm4", "x'\u017f") == Words{"x", "'\u017f"});
  CHECK(split("gpt2", "it'S") == Words{"it", "'", "S"});
}

TEST_CASE("the Mongolian vowel separator and the information separators are no spaces") {
  CHECK(split("glm4", "a \u180e b") == Words{"a", " \u180e", " b"});
  CHECK(split("glm4", "a\x1c\x1d") == Words{"a", "\x1c\x1d"});
}

TEST_CASE("bytes that are no UTF-8 count as symbols and are kept") {
  CHECK(split("glm4", "ab\xff\xfe cd") == Words{"ab", "\xff\xfe", " cd"});
  CHECK(split("glm4", "\xe2\x82") == Words{"\xe2\x82"});
  CHECK(split("glm4", "1\xc3") == Words{"1", "\xc3"});
  CHECK(split("glm4", "\x80zz") == Words{"\x80zz"});
  const std::string all_bytes = [] {
    std::string text;
    for (int i = 0; i < 65536; ++i) text += static_cast<char>(i >> 8), text += static_cast<char>(i);
    return text;
  }();
  for (std::string_view name : {"glm4", "deepseek-v3", "gpt4o", "smollm"}) {
    std::string joined;
    for (const auto& word : split(name, all_bytes)) {
      CHECK_FALSE(word.empty());
      joined += word;
    }
    CHECK(joined == all_bytes);
  }
}

TEST_CASE("empty text has no words and long runs are split in linear time") {
  CHECK(split("glm4", "").empty());
  const std::size_t n = 1 << 20;
  CHECK(split("glm4", std::string(n, 'a')).size() == 1);
  CHECK(split("glm4", std::string(n, '7')).size() == (n + 2) / 3);
  CHECK(split("glm4", std::string(n, ' ') + "x").size() == 2);
  CHECK(split("gpt4o", std::string(n, 'A')).size() == 1);
  CHECK(split("glm4", std::string(n, '\n')).size() == 1);
}
