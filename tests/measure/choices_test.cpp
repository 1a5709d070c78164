#include "engine/measure/choices.h"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/measure/distribution.h"

using namespace glim;

namespace {

constexpr auto kGo = [] { return true; };

TextModel model() {
  EngineOptions options;
  options.model = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";
  options.threads = 1;
  options.ctx = 64;
  options.kv_type = QuantType::f32;
  return TextModel(options, kGo);
}

/// ln p of the tokens from index `begin` on, from one run over everything.
double tail(TextModel& model, const std::vector<TokenId>& tokens, std::size_t begin) {
  double sum = 0;
  const auto add = [&](std::int32_t position, std::span<const float> logits) {
    const auto next = static_cast<std::size_t>(position) + 1;
    if (next >= begin && next < tokens.size())
      sum += static_cast<double>(logits[static_cast<std::size_t>(tokens[next])]) - log_sum_exp(logits);
  };
  model.run(tokens, 0, add, kGo);
  return sum;
}

}  // namespace

TEST_CASE("choices get what runs over their whole texts say, though what they share is run once") {
  TextModel shared = model(), fresh = model();
  const std::vector<std::vector<TokenId>> sequences = {
      {3, 8, 21, 40, 7, 9}, {3, 8, 21, 40, 30}, {3, 8, 21, 11, 12, 13, 14}};
  CHECK(common_prefix(sequences) == 3);
  ChoiceItem item;
  item.sequences = sequences;
  for (std::size_t s = 0; s < 3; ++s)
    item.choices.push_back(
        {tail_queries(sequences, s, 3, sequences[s].size()), static_cast<double>(sequences[s].size() - 3)});
  for (int round = 0; round < 2; ++round) {
    const std::vector<double> scores = score_choices(shared, item, kGo);
    REQUIRE(scores.size() == 3);
    for (std::size_t s = 0; s < 3; ++s)
      CHECK(scores[s] == doctest::Approx(tail(fresh, sequences[s], 3)).epsilon(1e-5));
  }
  // A query may ask one sequence for a token of another.
  item.choices = {{{{0, 2, 30}}, 1}, {{{1, 2, 40}}, 1}};
  const std::vector<double> scores = score_choices(shared, item, kGo);
  CHECK(scores[1] == doctest::Approx(tail(fresh, {3, 8, 21, 40}, 3)).epsilon(1e-5));
  CHECK(scores[0] == doctest::Approx(tail(fresh, {3, 8, 21, 30}, 3)).epsilon(1e-5));
  CHECK(score_choices(shared, item, [] { return false; }).empty());
}

TEST_CASE("the likeliest choice, by sum and by length") {
  ChoiceItem item;
  item.choices = {{{}, 1}, {{}, 4}, {{}, 2}};
  const std::vector<double> scores = {-3, -8, -3};
  CHECK(best_choice(scores) == 0);
  CHECK(best_choice_by_length(scores, item) == 2);
}

TEST_CASE("a greedy answer takes the likeliest token every time and ends where it is told to") {
  TextModel answering = model(), checking = model();
  const std::vector<TokenId> prompt = {3, 8, 21};
  const GreedyAnswer answer = answer_greedily(answering, prompt, {.max_tokens = 6, .stop = {}}, kGo);
  std::vector<TokenId> tokens = prompt;
  std::string text;
  for (std::int32_t i = 0; i < answer.tokens; ++i) {
    TokenId next = -1;
    checking.run(
        tokens, static_cast<std::int32_t>(tokens.size()) - 1,
        [&](std::int32_t, std::span<const float> logits) { next = static_cast<TokenId>(likeliest(logits)); },
        kGo);
    text += checking.tokenizer().piece(next, true);
    tokens.push_back(next);
  }
  CHECK(answer.tokens > 0);
  CHECK(answer.text == text);
  REQUIRE(text.size() > 1);
  const std::string stop = text.substr(1, 2);
  const GreedyAnswer shorter = answer_greedily(answering, prompt, {.max_tokens = 6, .stop = {stop}}, kGo);
  CHECK(shorter.text == text.substr(0, text.find(stop)));
  CHECK(answer_greedily(answering, prompt, {}, [] { return false; }).stopped);
}
