#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "app/compare/anchors.h"
#include "app/compare/compare_text.h"
#include "app/compare/diff.h"
#include "app/compare/expect.h"
#include "app/compare/gate.h"
#include "app/compare/mode.h"
#include "app/compare/pane_setup.h"
#include "app/compare/prompt_set.h"
#include "app/compare/totals.h"
#include "engine/base/error.h"
#include "engine/base/random.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

/// The sentence of the E501 that `action` throws.
template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E501);
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

/// The length of the shortest edit by the table of all distances.
std::size_t edit_length(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
      } else if (a[i - 1] == b[j - 1]) {
        table[i][j] = table[i - 1][j - 1];
      } else {
        table[i][j] = 1 + std::min(table[i - 1][j], table[i][j - 1]);
      }
    }
  }
  return table[a.size()][b.size()];
}

/// Whether the runs cover both sequences, same runs are the same, and what differs is no longer than need be.
void check_diff(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  std::size_t old_at = 0, new_at = 0, edits = 0;
  bool before = false;
  for (const DiffRun& run : diff_ids(a, b)) {
    REQUIRE(run.old_first == old_at);
    REQUIRE(run.new_first == new_at);
    REQUIRE(run.old_count + run.new_count > 0);
    if (run.same) {
      REQUIRE(run.old_count == run.new_count);
      for (std::size_t i = 0; i < run.old_count; ++i) REQUIRE(a[old_at + i] == b[new_at + i]);
    } else {
      REQUIRE_FALSE(before);
      edits += run.old_count + run.new_count;
    }
    before = !run.same;
    old_at += run.old_count;
    new_at += run.new_count;
  }
  CHECK(old_at == a.size());
  CHECK(new_at == b.size());
  CHECK(edits == edit_length(a, b));
}

Comparison measured() {
  Comparison comparison;
  comparison.panes.resize(2);
  comparison.panes[0].label = "ref";
  comparison.panes[1].label = "small";
  comparison.prompts.resize(1);
  comparison.prompts[0].answers.resize(2);
  for (CompareAnswer& answer : comparison.prompts[0].answers) {
    answer.state = AnswerState::done;
    answer.finish = FinishReason::end_of_turn;
    answer.tokens.resize(11);
    answer.stats.generated_tokens = 11;
    answer.stats.decode_steps = 10;
    answer.stats.decode_device_seconds = 1;
    answer.stats.prompt_tokens = 50;
    answer.stats.prefill_device_seconds = 0.5;
    answer.stats.first_token_seconds = 0.25;
  }
  comparison.prompts[0].answers[1].stats.decode_device_seconds = 0.5;
  PaneDrift& drift = comparison.prompts[0].answers[1].drift.emplace();
  drift.rows.resize(2);
  drift.rows[0] = {.kld = 0.01, .same_top = true, .rank = 1, .base_log_p = -1, .log_p = -1.25};
  drift.rows[1] = {.kld = 0.05, .same_top = false, .rank = 3, .base_log_p = -1, .log_p = -1.75};
  return comparison;
}

}  // namespace

TEST_CASE("the difference of two sequences is complete and the shortest there is") {
  check_diff({}, {});
  check_diff({1, 2, 3}, {});
  check_diff({}, {1});
  check_diff({1, 2, 3}, {1, 2, 3});
  check_diff({1, 2, 3, 1, 2, 2, 1}, {3, 2, 1, 2, 1, 3});
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::int32_t> a(random.below(20)), b(random.below(20));
    for (auto& one : a) one = static_cast<std::int32_t>(random.below(4));
    for (auto& one : b) one = static_cast<std::int32_t>(random.below(4));
    check_diff(a, b);
  }
}

TEST_CASE("sequences without anything in common are one difference, in bounded time") {
  std::vector<std::int32_t> a(20'000, 1), b(20'000, 2);
  a.front() = b.front() = 3;
  const std::vector<DiffRun> runs = diff_ids(a, b);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].same);
  CHECK(runs[1].old_count == 19'999);
  CHECK(runs[1].new_count == 19'999);
}

TEST_CASE("words are compared without their blanks, and marks keep the lines of the new text") {
  CHECK(marked_diff("a b  c", "a\nb c") == "a\nb c");
  CHECK(marked_diff("Missing fences: late", "Too many fences: late") == "[Missing→Too many] fences: late");
  CHECK(marked_diff("one two three", "one three") == "one [two→] three");
  CHECK(marked_diff("one three", "one two\n three") == "one [→two]\n three");
  CHECK(marked_diff("", "new") == "[→new]");
  CHECK(marked_diff("old", "") == "[old→]");
  const WordDiff diff = diff_words("x  yy", "yy");
  REQUIRE(diff.old_words.size() == 2);
  CHECK(diff.old_words[1].first == 3);
  CHECK(diff.old_words[1].size == 2);
}

TEST_CASE("texts are anchored by block and sentence") {
  const std::string here = "First one. Second one?\nstill the second\n\n1. entry one. More.\n2. entry two\n";
  const std::vector<TextAnchor> anchors = text_anchors(here);
  std::vector<std::pair<int, int>> places;
  for (const TextAnchor& anchor : anchors) places.emplace_back(anchor.block, anchor.sentence);
  CHECK(places == std::vector<std::pair<int, int>>{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {2, 0}});
  CHECK(here.substr(anchors[1].at, 6) == "Second");
  CHECK(here.substr(anchors[5].at, 2) == "2.");

  const std::string there =
      "\n  Another first sentence! And its second.\n\n1. longer entry one\n\n2. two\n3. three";
  const std::vector<TextAnchor> others = text_anchors(there);
  const auto match = [&](const char* from) {
    return there.substr(matching_place(anchors, here.find(from), others), 7);
  };
  CHECK(match("First") == "Another");
  CHECK(match("Second") == "And its");
  CHECK(match("still") == "And its");
  CHECK(match("entry one") == "1. long");
  CHECK(match("More.") == "1. long");
  CHECK(match("entry two") == "2. two\n");
  CHECK(matching_place({}, 5, others) == 0);
  CHECK(text_anchors("```\nx = 1. y\n\nz\n```\n").size() == 4);
  CHECK(text_anchors("\u4f60\u597d\u3002\u518d\u89c1\u3002").size() == 2);
}

TEST_CASE("expectations hold or say what is wrong") {
  const auto unmet_of = [](const char* expectation, const std::string& answer) {
    return unmet(parse_expectation(Json::parse(expectation), "here"), answer);
  };
  CHECK(unmet_of(R"("Paris")", " Paris\n").empty());
  CHECK(unmet_of(R"("Paris")", "It is Paris") == "is not \"Paris\"");
  CHECK(unmet_of(R"("/^1\\D+2/")", "1, 2, 3").empty());
  CHECK(unmet_of(R"({"regex": "b+"})", "aaa") == "does not match /b+/");
  CHECK(unmet_of(R"("42±0.5")", "so x = 41.6").empty());
  CHECK(unmet_of(R"("42±0.5")", "so x = 41") == "says 41 instead of 42");
  CHECK(unmet_of("1240", "that is 1,240 EUR").empty());
  CHECK(unmet_of(R"({"number": -3, "tolerance": 0})", "from 5 to -3.").empty());
  CHECK(unmet_of("3", "none") == "has no number");
  CHECK(unmet_of(R"({"json": ["a", "b"]})", "```json\n{\"a\": 1, \"b\": [2]}\n```").empty());
  CHECK(unmet_of(R"({"json": ["a", "c"]})", "{\"a\": 1}") == "has no key \"c\"");
  CHECK(unmet_of(R"({"json": []})", "{\"a\": ") == "is no JSON object");
  CHECK(unmet_of("null", "anything").empty());
}

TEST_CASE("patterns from files take neither long nor deep") {
  const Expectation slow = parse_expectation(Json({{"regex", "(a+)+b"}}), "here");
  CHECK(unmet(slow, std::string(50'000, 'a')) == "does not match /(a+)+b/");
  const auto refused = [](const Json& value) { return refusal([&] { parse_expectation(value, "set:3"); }); };
  CHECK(refused({{"regex", "(a"}}) == "set:3: \"(a\" is no regular expression");
  CHECK(refused({{"regex", std::string(2000, 'a')}}).find("at most 1000") != std::string::npos);
  CHECK(refused({{"regex", "(a{1000}){1000}"}}).find("no regular expression") != std::string::npos);
  CHECK(refused({{"number", "x"}}).find("must be numbers") != std::string::npos);
  CHECK(refused({{"jsno", 1}}).find("none of") != std::string::npos);
  CHECK(refused(Json::array()).find("must be a text") != std::string::npos);
}

TEST_CASE("sets of prompts are read from text and from JSON lines") {
  const std::vector<ComparePrompt> text =
      parse_prompt_text("\nfirst\nline two\n---\r\n  \n---\nsecond\n\n", "set.txt");
  REQUIRE(text.size() == 2);
  CHECK(text[0].text == "first\nline two");
  CHECK(text[0].id == "1");
  CHECK(text[1].text == "second");
  const std::vector<ComparePrompt> lines = parse_prompt_lines(
      "{\"id\": \"tax\", \"prompt\": \"How much?\", \"system\": \"Be brief.\", \"tags\": [\"a\", \"b\"], "
      "\"expect\": \"5±1\"}\n\n{\"id\": 7, \"prompt\": \"x\"}\n",
      "set.jsonl");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].id == "tax");
  CHECK(lines[0].system == "Be brief.");
  CHECK(lines[0].tags == std::vector<std::string>{"a", "b"});
  CHECK(lines[0].expect.kind == Expectation::Kind::number);
  CHECK(lines[0].expect.tolerance == 1);
  CHECK(lines[1].id == "7");
}

TEST_CASE("sets of prompts are read from TOML") {
  const std::vector<ComparePrompt> prompts = parse_prompt_toml(
      "[[prompt]]\nid = \"tax\"\nprompt = \"\"\"How\nmuch?\"\"\"\nexpect = {number = 5, tolerance = 1}\n"
      "[[prompt]]\nprompt = \"x\"\ntags = [\"a\"]\n",
      "set.toml");
  REQUIRE(prompts.size() == 2);
  CHECK(prompts[0].text == "How\nmuch?");
  CHECK(prompts[0].expect.tolerance == 1);
  CHECK(prompts[1].id == "2");
  CHECK(refusal([] { parse_prompt_toml("x = " + std::string(100'000, '['), "set.toml"); }) ==
        "set.toml: brackets are nested too deep");
  CHECK(refusal([] { parse_prompt_toml("prompt = 3", "set.toml"); }) ==
        "set.toml: there is no [[prompt]] in it");
  CHECK(refusal([] { parse_prompt_toml("[[prompt]]\nid = \"a\"", "set.toml"); }) ==
        "set.toml: prompt 1: \"prompt\" is missing or empty");
}

TEST_CASE("hostile sets of prompts end in one sentence") {
  const auto lines = [](const std::string& text) {
    return refusal([&] { parse_prompt_lines(text, "set.jsonl"); });
  };
  CHECK(lines("") == "set.jsonl: there is no prompt in it");
  CHECK(lines("{\"prompt\": \"a\"}\n{oops}") == "set.jsonl:2: this line is no JSON");
  CHECK(lines("[1]") == "set.jsonl:1: a JSON object with a \"prompt\" is wanted");
  CHECK(lines("{\"prompt\": 5.5}") == "set.jsonl:1: \"prompt\" must be a string");
  CHECK(lines("{\"id\": \"a\"}") == "set.jsonl:1: \"prompt\" is missing or empty");
  CHECK(lines("{\"prompt\": \"a\", \"tags\": [1]}").find("\"tags\"") != std::string::npos);
  CHECK(lines("{\"id\": \"a\", \"prompt\": \"a\"}\n{\"id\": \"a\", \"prompt\": \"b\"}").find("twice") !=
        std::string::npos);
  CHECK(lines(std::string(100'000, '[')).find("no JSON") != std::string::npos);
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += "x\n---\n";
  CHECK(refusal([&] { parse_prompt_text(many, "set.txt"); }).find("at most 10000") != std::string::npos);
  CHECK(refusal([] { parse_prompt_text("---\n---\n", "set.txt"); }).find("no prompt") != std::string::npos);
  const TempDir dir;
  std::ofstream(dir / "binary", std::ios::binary) << std::string("a\0b", 3);
  CHECK(refusal([&] { read_prompt_set(dir / "binary"); }).find("this is no text") != std::string::npos);
  CHECK(refusal([&] { read_prompt_set(dir / "gone"); }).find("cannot read") != std::string::npos);
  CHECK(refusal([&] { read_prompt_set(dir.path()); }).find("folder") != std::string::npos);
}

TEST_CASE("gates hold for every pane but the reference") {
  const Comparison comparison = measured();
  const auto broken = [&](const char* text) { return broken_rules(parse_gate(text), comparison); };
  CHECK(broken("kld<0.031,tps>1.9x,tps>=20,top1>=50%,ttft<1,ppl<1.7").empty());
  CHECK(broken("kld<0.03") == std::vector<std::string>{"small: kld is 0.03, wanted kld<0.03 (0.03)"});
  CHECK(broken("tps>2x") == std::vector<std::string>{"small: tps is 20, wanted tps>2x (20)"});
  CHECK(broken("kld_max<0.04").size() == 1);
  CHECK(broken("expect>0.5") ==
        std::vector<std::string>{"small: expect was not measured, wanted expect>0.5"});
  CHECK(broken("smoke=all")[0].find("run glim eval --suite smoke -m ") != std::string::npos);
  Comparison smoked = comparison;
  smoked.panes[1].smoke = SmokeSummary{{}, {Verdict::pass, 7, 7}};
  CHECK(broken_rules(parse_gate("smoke=all"), smoked).empty());
  smoked.panes[1].smoke->score.passed = 6;
  CHECK(broken_rules(parse_gate("smoke=all"), smoked).size() == 1);
  CHECK(broken_rules(parse_gate("smoke>0.8"), smoked).empty());
  for (const char* wrong :
       {"", "kld", "kld<", "kld<x", "speed>3", "kld<0.1,,", "smoke=most", "kld=all", "smoke="})
    CHECK(refusal([&] { parse_gate(wrong); }).find("--gate") == 0);
}

TEST_CASE("a lower bound cannot pass a gate, but break it") {
  Comparison comparison = measured();
  comparison.prompts[0].answers[1].drift->rows[0].bound = true;
  const std::vector<std::string> below = broken_rules(parse_gate("kld<1"), comparison);
  REQUIRE(below.size() == 1);
  CHECK(below[0].find("does not prove") != std::string::npos);
  CHECK(broken_rules(parse_gate("kld<0.01"), comparison)[0].find("at least") != std::string::npos);
}

TEST_CASE("totals count every token once and rates use the device's time") {
  Comparison comparison = measured();
  comparison.prompts.push_back(comparison.prompts[0]);
  comparison.prompts[1].answers[1].drift->rows.resize(1);
  const PaneTotals small = totals(comparison, 1);
  CHECK(small.generation_rate == doctest::Approx(20));
  CHECK(small.prompt_rate == doctest::Approx(100));
  CHECK(small.first_token_seconds == doctest::Approx(0.25));
  REQUIRE(small.drift.has_value());
  CHECK(small.drift->tokens == 3);
  CHECK(small.drift->mean_kld == doctest::Approx(0.07 / 3));
  CHECK(small.drift->top1 == doctest::Approx(2.0 / 3));
  CHECK_FALSE(totals(comparison, 0).drift.has_value());
}

TEST_CASE("panes fit together when their weights, each file once, and their caches do") {
  std::vector<ComparePane> panes(3);
  for (ComparePane& pane : panes) {
    pane.planned = true;
    pane.options.model = "same";
    pane.plan.weight_bytes = 100;
    pane.plan.kv_bytes = 10;
  }
  panes[2].options.model = "other";
  find_shared_weights(panes);
  CHECK_FALSE(panes[0].shares_weights_with.has_value());
  CHECK(panes[1].shares_weights_with == 0);
  CHECK_FALSE(panes[2].shares_weights_with.has_value());
  CHECK(choose_mode(CompareMode::automatic, panes, 230).mode == CompareMode::interleave);
  CHECK(choose_mode(CompareMode::automatic, panes, 230).needed_bytes == 230);
  CHECK(choose_mode(CompareMode::automatic, panes, 229).mode == CompareMode::sequential);
  CHECK(choose_mode(CompareMode::automatic, panes, 0).mode == CompareMode::interleave);
  CHECK(choose_mode(CompareMode::interleave, panes, 10).reason.find("do not fit") != std::string::npos);
  panes[2].error = CompareError{ErrorCode::E101, "gone", {}};
  CHECK(choose_mode(CompareMode::automatic, panes, 120).mode == CompareMode::interleave);
}

TEST_CASE("words become panes") {
  const auto labels = [](std::vector<std::string> words, std::vector<std::string> kv = {}) {
    std::vector<std::string> out;
    for (const PaneSpec& spec :
         pane_specs({.words = std::move(words), .kv_types = std::move(kv), .overrides = {}}, {}))
      out.push_back(spec.label);
    return out;
  };
  CHECK(labels({"spark", "spark:q8_0"}) == std::vector<std::string>{"spark", "spark:q8_0"});
  CHECK(labels({"/models/x.gguf", "y/x.gguf", "x"}) == std::vector<std::string>{"x", "x#2", "x#3"});
  CHECK(labels({"spark"}, {"f16", "q4_0"}) == std::vector<std::string>{"spark kv:f16", "spark kv:q4_0"});
  CHECK(
      pane_specs({.words = {"spark"}, .kv_types = {"f16", "q4_0"}, .overrides = {}}, {})[1].profile.kv_type ==
      "q4_0");
  CHECK(refusal([&] { labels({"spark"}); }) == "compare: 1 named; name 2 to 4 models or profiles");
  CHECK(refusal([&] { labels({"a", "b", "c", "d", "e"}); }).find("5 named") != std::string::npos);
  CHECK(refusal([&] { labels({"a", "b"}, {"f16", "q4_0"}); }).find("one model") != std::string::npos);
  CHECK(refusal([&] { labels({"a"}, {"f16", "q9"}); }).find("no KV type") != std::string::npos);
}

TEST_CASE("figures read as on the screens of the specification") {
  CHECK(small_number(0) == "0");
  CHECK(small_number(0.0191) == ".0191");
  CHECK(small_number(0.71) == ".710");
  CHECK(small_number(2.906) == "2.91");
  CHECK(small_number(12.34) == "12.3");
  CHECK(small_number(0.000001) == "1.0e-06");
  PaneDrift drift;
  for (const double kld : {0.0, 0.001, 0.03, 0.2, 3.0}) {
    drift.rows.emplace_back();
    drift.rows.back().kld = kld;
  }
  CHECK(heat_line(drift, 64) == "▁▁▄▆█");
  CHECK(heat_line(drift, 2) == "▁█");
  CHECK(heat_line({}, 10).empty());
  DriftSummary summary{.tokens = 4,
                       .mean_kld = 0.019,
                       .largest_kld = 0.47,
                       .bound = true,
                       .worst_token = 80,
                       .top1 = 0.969,
                       .largest_rank = 9,
                       .mean_delta_logprob = -0.1};
  CHECK(drift_text(summary) == "KLD ≥ .0190  top-1 96.9%  worst tok 81 (.470)  rank 9  ΔPPL +10.5%");
  const FirstSplit split{41, TokenChance{1, "Missing", 0.71}, std::nullopt, {}, {}};
  CHECK(split_text(split) == "tok 42 \"Missing\"/(end) p .710/-");
}

}  // namespace glim::app
