#include "engine/reference/router.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "engine/base/random.h"

using namespace glim;

namespace {

struct Choice {
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
};

Choice choose(const std::vector<float>& logits, const std::vector<float>& bias, const RouterRules& rules) {
  Choice out{std::vector<std::int32_t>(static_cast<std::size_t>(rules.active)),
             std::vector<float>(static_cast<std::size_t>(rules.active))};
  choose_experts(logits, bias, rules, out.experts, out.weights);
  return out;
}

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

using Experts = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("the bias steers the choice but not the weight") {
  const RouterRules rules{.gating = Gating::sigmoid, .active = 2};
  const Choice choice = choose({1, 2, 0, -1}, {0, -1, 0, 1}, rules);
  CHECK(choice.experts == Experts{3, 0});
  CHECK(static_cast<double>(choice.weights[0]) == doctest::Approx(sigmoid(-1)).epsilon(1e-6));
  CHECK(static_cast<double>(choice.weights[1]) == doctest::Approx(sigmoid(1)).epsilon(1e-6));
}

TEST_CASE("the lower index wins a tie") {
  const RouterRules rules{.active = 3};
  CHECK(choose({0, 1, 1, 1, 1}, {}, rules).experts == Experts{1, 2, 3});
}

TEST_CASE("normalised weights add up to the scale") {
  Random random(1);
  for (const float scale : {0.0f, 1.0f, 1.8f}) {
    const RouterRules rules{.active = 4, .normalise = true, .scale = scale};
    std::vector<float> logits(64);
    for (float& logit : logits) logit = static_cast<float>(random.normal());
    const Choice choice = choose(logits, {}, rules);
    const double sum = std::accumulate(choice.weights.begin(), choice.weights.end(), 0.0);
    CHECK(sum == doctest::Approx(scale == 0.0f ? 1 : static_cast<double>(scale)).epsilon(1e-6));
  }
}

TEST_CASE("a sum that is almost zero is not divided by") {
  const RouterRules rules{.active = 1, .normalise = true};
  const Choice choice = choose({-20, -21}, {}, rules);
  CHECK(static_cast<double>(choice.weights[0]) == doctest::Approx(sigmoid(-20) / 0x1p-14).epsilon(1e-6));
}

TEST_CASE("softmax is taken over all experts or over the chosen ones") {
  const std::vector<float> logits = {1, 3, 2, 0};
  const double all = std::exp(1) + std::exp(3) + std::exp(2) + 1;
  const Choice before = choose(logits, {}, {.gating = Gating::softmax, .active = 2});
  CHECK(before.experts == Experts{1, 2});
  CHECK(static_cast<double>(before.weights[0]) == doctest::Approx(std::exp(3) / all).epsilon(1e-6));
  const Choice after = choose(logits, {}, {.gating = Gating::softmax_of_selected, .active = 2});
  CHECK(after.experts == Experts{1, 2});
  CHECK(static_cast<double>(after.weights[1]) == doctest::Approx(sigmoid(-1)).epsilon(1e-6));
}

TEST_CASE("only the groups with the best two experts take part") {
  // The best single expert sits in a group whose second is poor.
  const std::vector<float> logits = {5, -9, 2, 2, 1, 2.5f, -9, -9};
  const RouterRules rules{.gating = Gating::sigmoid, .active = 3, .groups = 4, .groups_used = 2};
  CHECK(choose(logits, {}, rules).experts == Experts{5, 2, 3});
}

TEST_CASE("numbers that are none, infinities and equal values still give distinct experts") {
  const float nan = std::nanf(""), infinity = INFINITY;
  const std::vector<std::vector<float>> hostile = {
      {nan, nan, nan, nan}, {nan, 1, nan, 2}, {infinity, -infinity, nan, infinity}, {0, 0, 0, 0}};
  for (const Gating gating : {Gating::sigmoid, Gating::softmax, Gating::softmax_of_selected}) {
    for (const std::vector<float>& values : hostile) {
      for (const std::int32_t groups : {1, 2}) {
        const RouterRules rules{
            .gating = gating, .active = 2, .normalise = true, .groups = groups, .groups_used = 1};
        for (const Choice& choice : {choose(values, {}, rules), choose({1, 2, 3, 4}, values, rules)}) {
          CHECK(std::set<std::int32_t>(choice.experts.begin(), choice.experts.end()).size() == 2);
          for (const std::int32_t expert : choice.experts) CHECK((expert >= 0 && expert < 4));
        }
      }
    }
  }
  CHECK(choose({nan, 1, nan, 2}, {}, {.active = 2}).experts == Experts{3, 1});
}
