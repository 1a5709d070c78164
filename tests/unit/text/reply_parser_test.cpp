#include "engine/text/reply_parser.h"

#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace {

using glim::Reply;
using glim::ReplyDelta;
using glim::ReplyOptions;
using glim::ReplyParser;
using glim::ReplyState;
using Json = nlohmann::ordered_json;

Json golden() {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/glm_parse_golden.json");
  REQUIRE(in);
  return Json::parse(in);
}

/// A reply and everything that the deltas said about it.
struct Outcome {
  Reply reply, from_deltas;
  bool operator==(const Outcome& other) const {
    return reply.thinking == other.reply.thinking && reply.content == other.reply.content &&
           reply.tool_calls == other.reply.tool_calls;
  }
};

class Feeder {
 public:
  Feeder(ReplyState start, ReplyOptions options) : parser_(start, std::move(options)) {}
  void push(std::string_view text, bool special = false) { take(parser_.push(text, special)); }
  Outcome finish() {
    take(parser_.finish());
    outcome_.reply = parser_.reply();
    return outcome_;
  }

 private:
  void take(const std::vector<ReplyDelta>& deltas) {
    for (const ReplyDelta& delta : deltas) {
      (delta.thinking ? outcome_.from_deltas.thinking : outcome_.from_deltas.content) += delta.text;
      if (delta.call) outcome_.from_deltas.tool_calls.push_back(*delta.call);
    }
  }
  ReplyParser parser_;
  Outcome outcome_;
};

void check_deltas(const Outcome& outcome) {
  CHECK(outcome.from_deltas.thinking == outcome.reply.thinking);
  CHECK(outcome.from_deltas.content == outcome.reply.content);
  CHECK(outcome.from_deltas.tool_calls == outcome.reply.tool_calls);
}

ReplyOptions in_text(bool offer_tools, const Json& tools) {
  return {.tags_in_text = true, .offer_tools = offer_tools, .tools = tools.dump()};
}

struct Case {
  ReplyState start;
  std::string text;
  ReplyOptions options;
};

std::vector<Case> golden_cases() {
  const Json data = golden();
  std::vector<Case> out;
  for (const Json& test : data["cases"]) {
    const ReplyState start = test["start"] == "think" ? ReplyState::thinking : ReplyState::content;
    out.push_back({start, test["text"], in_text(test["offer_tools"], data["tools"])});
  }
  return out;
}

Outcome parse(const Case& test, const std::vector<std::size_t>& cuts = {}) {
  Feeder feeder(test.start, test.options);
  std::size_t from = 0;
  for (std::size_t cut : cuts) {
    feeder.push(std::string_view(test.text).substr(from, cut - from));
    from = cut;
  }
  feeder.push(std::string_view(test.text).substr(from));
  return feeder.finish();
}

Outcome parse(ReplyState start, const std::string& text, ReplyOptions options = {.tags_in_text = true}) {
  return parse(Case{start, text, std::move(options)});
}

// Pieces as a tokenizer with special tokens gives them: tags in angle brackets are one special piece each.
Outcome parse_pieces(ReplyState start, const std::vector<std::pair<std::string, bool>>& pieces,
                     ReplyOptions options) {
  Feeder feeder(start, std::move(options));
  for (const auto& [text, special] : pieces) feeder.push(text, special);
  return feeder.finish();
}

}  // namespace

TEST_CASE("every golden reply is split as the reference splits it") {
  const Json data = golden();
  const std::vector<Case> cases = golden_cases();
  REQUIRE(cases.size() >= 30);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Json& expected = data["cases"][i]["expected"];
    CAPTURE(cases[i].text);
    const Outcome got = parse(cases[i]);
    CHECK(got.reply.thinking == expected["reasoning"].get<std::string>());
    CHECK(got.reply.content == expected["content"].get<std::string>());
    REQUIRE(got.reply.tool_calls.size() == expected["tool_calls"].size());
    for (std::size_t c = 0; c < got.reply.tool_calls.size(); ++c) {
      CHECK(got.reply.tool_calls[c].name == expected["tool_calls"][c]["name"].get<std::string>());
      CHECK(Json::parse(got.reply.tool_calls[c].arguments) == expected["tool_calls"][c]["arguments"]);
    }
    check_deltas(got);
  }
}

TEST_CASE("cutting a reply at any one place, or everywhere, changes nothing") {
  for (const Case& test : golden_cases()) {
    CAPTURE(test.text);
    const Outcome whole = parse(test);
    std::vector<std::size_t> all;
    for (std::size_t cut = 1; cut < test.text.size(); ++cut) {
      CAPTURE(cut);
      const Outcome cut_once = parse(test, {cut});
      CHECK(cut_once == whole);
      check_deltas(cut_once);
      all.push_back(cut);
    }
    const Outcome bytewise = parse(test, all);
    CHECK(bytewise == whole);
    check_deltas(bytewise);
  }
}

TEST_CASE("random mixtures of tags and text do not depend on how they are cut") {
  static constexpr std::string_view kParts[] = {"<think>",   "</think>",   "<tool_call>", "</tool_call>",
                                                "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
                                                "f",         "i",          "s",           "text ",
                                                "\n",        "  ",         "<",           "</arg"};
  const Json tools = golden()["tools"];
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    Case test{round % 2 ? ReplyState::thinking : ReplyState::content, "", in_text(round % 3 != 0, tools)};
    for (std::size_t i = 0, n = 1 + random() % 14; i < n; ++i)
      test.text += kParts[random() % std::size(kParts)];
    CAPTURE(test.text);
    std::vector<std::size_t> cuts;
    for (std::size_t cut = 1; cut < test.text.size(); ++cut) {
      if (random() % 4 == 0) cuts.push_back(cut);
    }
    const Outcome whole = parse(test), pieces = parse(test, cuts);
    CHECK(whole == pieces);
    check_deltas(whole);
    check_deltas(pieces);
  }
}

TEST_CASE("tags count only as special pieces when the vocabulary has them") {
  const ReplyOptions options{.offer_tools = true, .tools = golden()["tools"].dump()};
  const Outcome got = parse_pieces(ReplyState::thinking,
                                   {{"the tag </think> ends it", false},
                                    {"</think>", true},
                                    {"a <tool_call> is ", false},
                                    {"text", false},
                                    {"<tool_call>", true},
                                    {"f", false},
                                    {"<arg_key>", true},
                                    {"s", false},
                                    {"</arg_key>", true},
                                    {"<arg_value>", true},
                                    {"quotes </arg_value></tool_call> as text", false},
                                    {"</arg_value>", true},
                                    {"</tool_call>", true}},
                                   options);
  CHECK(got.reply.thinking == "the tag </think> ends it");
  CHECK(got.reply.content == "a <tool_call> is text");
  REQUIRE(got.reply.tool_calls.size() == 1);
  CHECK(Json::parse(got.reply.tool_calls[0].arguments)["s"] == "quotes </arg_value></tool_call> as text");
  check_deltas(got);
}

TEST_CASE("thinking that the model opens itself is recognised at the start only") {
  const Outcome got = parse(ReplyState::content, "\n<think>\nplan\n</think>\n\nanswer <think> and </think>");
  CHECK(got.reply.thinking == "plan");
  CHECK(got.reply.content == "answer <think> and </think>");
}

TEST_CASE("a reply that ends in its thinking says so") {
  CHECK(parse(ReplyState::thinking, "still").reply.ended_while_thinking);
  CHECK_FALSE(parse(ReplyState::thinking, "done</think>").reply.ended_while_thinking);
}

TEST_CASE("text is given out as it comes, except whitespace and beginnings of tags") {
  ReplyParser parser(ReplyState::content, {.tags_in_text = true});
  const auto text_of = [](const std::vector<ReplyDelta>& deltas) {
    std::string out;
    for (const ReplyDelta& delta : deltas) out += delta.text;
    return out;
  };
  CHECK(text_of(parser.push("  Hel")) == "Hel");
  CHECK(text_of(parser.push("lo  ")) == "lo");
  CHECK(text_of(parser.push("you")) == "  you");
  CHECK(text_of(parser.finish()) == "");

  ReplyParser thinker(ReplyState::thinking, {.tags_in_text = true});
  CHECK(text_of(thinker.push("a</thi")) == "a");
  CHECK(text_of(thinker.push("s</think>b")) == "</thisb");
  CHECK(thinker.reply().thinking == "a</this");
  CHECK(thinker.state() == ReplyState::content);
}

TEST_CASE("calls in JSON are read, with their arguments as object or as text") {
  const ReplyOptions options{.tags = &glim::reply_tags("hermes"), .tags_in_text = true, .offer_tools = true};
  const Outcome got =
      parse(ReplyState::content,
            "Now. <tool_call>\n{\"name\": \"f\", \"arguments\": {\"s\": \"</tool_call>\"}}\n</tool_call>"
            "<tool_call>{\"name\": \"g\", \"arguments\": \"{\\\"n\\\": 1}\"}</tool_call>"
            "<tool_call>{broken</tool_call> tail",
            options);
  CHECK(got.reply.content == "Now. <tool_call>{broken</tool_call> tail");
  REQUIRE(got.reply.tool_calls.size() == 2);
  CHECK(got.reply.tool_calls[0].arguments == "{\"s\": \"</tool_call>\"}");
  CHECK(got.reply.tool_calls[1].arguments == "{\"n\": 1}");
  CHECK(got.reply.tool_calls[0].id != got.reply.tool_calls[1].id);
  check_deltas(got);
}

TEST_CASE("a call inside the value of a call that is cut short is not run") {
  const Outcome got = parse(ReplyState::content,
                            "<tool_call>f<arg_key>s</arg_key><arg_value>say <tool_call>ping</tool_call> and",
                            in_text(true, golden()["tools"]));
  CHECK(got.reply.tool_calls.empty());
  CHECK(got.reply.content ==
        "<tool_call>f<arg_key>s</arg_key><arg_value>say <tool_call>ping</tool_call> and");
}

TEST_CASE("deeply nested arguments stay text") {
  const std::string deep(100000, '[');
  const Outcome got = parse(ReplyState::content,
                            "<tool_call>f<arg_key>a</arg_key><arg_value>" + deep + "</arg_value></tool_call>",
                            in_text(true, golden()["tools"]));
  REQUIRE(got.reply.tool_calls.size() == 1);
  CHECK(Json::parse(got.reply.tool_calls[0].arguments)["a"] == deep);
}

TEST_CASE("the state of a reply is read off the prompt the template wrote") {
  const glim::ReplyTags& tags = glim::reply_tags("glm");
  using Prompt = std::vector<glim::Segment>;
  const auto state = [&](const Prompt& prompt) { return glim::initial_state(prompt, tags); };
  CHECK(state({{"<|assistant|><think>", false}}) == ReplyState::thinking);
  CHECK(state({{"<|assistant|><think>\n", false}}) == ReplyState::thinking);
  CHECK(state({{"<|assistant|></think>", false}}) == ReplyState::content);
  CHECK(state({{"<|user|>", false}, {"<think>", true}, {"<|assistant|>", false}}) == ReplyState::content);
  CHECK(state({{"<|assistant|><think>", false}, {"so far </think>", true}}) == ReplyState::thinking);
  CHECK(state({{"write <think> first<|user|>", false}, {"x", true}, {"<|assistant|>", false}}) ==
        ReplyState::content);
  CHECK(state({}) == ReplyState::content);
}

TEST_CASE("the tags of a family are recognised by its template") {
  CHECK(glim::reply_tags_of_template("…<tool_call>…<arg_key>…").name == "glm");
  CHECK(glim::reply_tags_of_template("<think><tool_call>{…").name == "hermes");
  CHECK(glim::reply_tags_of_template("split('</think>')").name == "think");
  CHECK(glim::reply_tags_of_template("<|im_start|>").name == "none");
}
