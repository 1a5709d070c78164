#include "engine/sample/sampler.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "engine/base/error.h"

using glim::Sampler;
using glim::SamplerOptions;
using glim::SamplerStage;
using glim::TokenId;
using Ids = std::vector<TokenId>;
using Logits = std::vector<float>;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Nothing but a draw from the softmax.
SamplerOptions bare() {
  SamplerOptions options;
  options.top_p = 1, options.min_p = 0, options.seed = 42;
  return options;
}

Logits logs(const std::vector<double>& probabilities) {
  Logits logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

Sampler sampler(const SamplerOptions& options, std::size_t rows) {
  return Sampler(options, {.rows = rows, .never = {}, .breakers = {}});
}

/// The tokens that a pick could have been.
Ids choices(const SamplerOptions& options, const Logits& logits, const Ids& history = {}) {
  Sampler s = sampler(options, logits.size());
  s.pick(logits, history);
  Ids ids;
  for (const glim::Candidate& c : s.choices()) ids.push_back(c.id);
  return ids;
}

double probability(const SamplerOptions& options, const Logits& logits, TokenId id, const Ids& history = {}) {
  Sampler s = sampler(options, logits.size());
  s.pick(logits, history);
  return static_cast<double>(s.probability(id));
}

}  // namespace

TEST_CASE("draws follow the softmax of the logits within four standard deviations") {
  const std::vector<double> p = {0.5, 0.25, 0.15, 0.07, 0.03};
  Sampler s = sampler(bare(), p.size());
  const Logits logits = logs(p);
  const int n = 40000;
  std::vector<int> counts(p.size(), 0);
  for (int i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(s.pick(logits, {}))];
  for (std::size_t i = 0; i < p.size(); ++i) {
    CHECK(std::abs(counts[i] / double(n) - p[i]) < 4 * std::sqrt(p[i] * (1 - p[i]) / n));
  }
}

TEST_CASE("the temperature divides the logits") {
  SamplerOptions options = bare();
  options.temp = 0.5f;  // squares the probabilities: 0.64 and 0.04, sum 0.68
  CHECK(probability(options, logs({0.8, 0.2}), 0) == doctest::Approx(0.64 / 0.68));
  options.temp = 2;  // roots: 0.894427 and 0.447214
  CHECK(probability(options, logs({0.8, 0.2}), 1) ==
        doctest::Approx(std::sqrt(0.2) / (std::sqrt(0.8) + std::sqrt(0.2))));
  options.temp = 1e-38f;
  CHECK(choices(options, {80.0f, 79.9f}) == Ids{0});
}

TEST_CASE("a temperature of zero takes the best token, the lowest id of equals") {
  SamplerOptions options = bare();
  options.temp = 0;
  Sampler s = sampler(options, 4);
  CHECK(s.pick(Logits{1, 3, 3, 2}, {}) == 1);
  CHECK(s.probability(1) == 1.0f);
  CHECK(s.probability(2) == 0.0f);
  options.logit_bias = {{3, 5.0f}};
  CHECK(sampler(options, 4).pick(Logits{1, 3, 3, 2}, {}) == 3);
  options.repeat_penalty = 4;
  CHECK(sampler(options, 4).pick(Logits{1, 3, 3, 2}, Ids{3}) == 1);  // (2 + 5) / 4 < 3
}

TEST_CASE("the same seed gives the same tokens and these are known") {
  SamplerOptions options = bare();
  const Logits logits = {0.1f, 0.9f, -0.3f, 1.2f, 0.5f, 0.0f, 0.7f, -1.0f};
  const auto picks = [&](std::uint64_t seed) {
    options.seed = seed;
    Sampler s = sampler(options, logits.size());
    Ids ids;
    for (int i = 0; i < 16; ++i) ids.push_back(s.pick(logits, ids));
    return ids;
  };
  CHECK(picks(7) == picks(7));
  CHECK(picks(7) != picks(8));
  // By SplitMix64 and the cumulative softmax, computed apart from this program.
  CHECK(picks(42) == Ids{1, 0, 1, 1, 1, 6, 0, 6, 1, 4, 1, 3, 6, 4, 0, 3});
}

TEST_CASE("without a seed every sampler has its own, which can be read and repeated") {
  SamplerOptions options = bare();
  options.seed.reset();
  Sampler first = sampler(options, 64), second = sampler(options, 64);
  CHECK(first.seed() != second.seed());
  options.seed = first.seed();
  Sampler again = sampler(options, 64);
  const Logits flat(64, 0.0f);
  for (int i = 0; i < 20; ++i) CHECK(again.pick(flat, {}) == first.pick(flat, {}));
}

TEST_CASE("values that are not finite are never picked and nothing but such is an error") {
  Sampler s = sampler(bare(), 4);
  for (int i = 0; i < 50; ++i) CHECK(s.pick(Logits{kNan, 1, kInf, -kInf}, {}) == 1);
  CHECK(s.logprob() == 0.0f);
  CHECK_THROWS_AS(s.pick(Logits{kNan, kNan, kInf, -kInf}, {}), glim::Error);
  try {
    s.pick(Logits(4, kNan), {});
  } catch (const glim::Error& error) {
    CHECK(error.code() == glim::ErrorCode::E403);
    CHECK(std::string(error.what()).starts_with("model produced non-finite values"));
  }
}

TEST_CASE("masked tokens are never picked and a mask of everything is an error") {
  Sampler s(bare(), {.rows = 4, .never = {0, 3}, .breakers = {}});
  for (int i = 0; i < 100; ++i) {
    const TokenId id = s.pick(Logits{50, 0, 0, 50}, {});
    CHECK((id == 1 || id == 2));
  }
  CHECK_THROWS_AS(Sampler(bare(), {.rows = 2, .never = {0, 1}, .breakers = {}}).pick(Logits{1, 1}, {}),
                  glim::Error);
  SamplerOptions forbidden = bare();
  forbidden.logit_bias = {{0, -kInf}};
  CHECK(choices(forbidden, {5, 0, 0}) == Ids{1, 2});
}

TEST_CASE("a bias is added before everything else and must name a token") {
  SamplerOptions options = bare();
  options.logit_bias = {{1, static_cast<float>(std::log(3.0))}};
  CHECK(probability(options, {0, 0}, 1) == doctest::Approx(0.75));
  options.logit_bias = {{2, 1.0f}};
  CHECK_THROWS_AS(sampler(options, 2), glim::Error);
}

TEST_CASE("the log-probability of a pick is that of the unchanged logits") {
  SamplerOptions options = bare();
  options.top_k = 1, options.temp = 0.3f, options.logit_bias = {{2, 9.0f}};
  Sampler s = sampler(options, 3);
  CHECK(s.pick(logs({0.5, 0.3, 0.2}), {}) == 2);
  CHECK(s.logprob() == doctest::Approx(std::log(0.2)));
  CHECK(s.probability(2) == 1.0f);
}

TEST_CASE("the penalties weaken tokens seen lately towards minus infinity") {
  SamplerOptions options = bare();
  options.repeat_penalty = 2, options.presence_penalty = 0.5f, options.frequency_penalty = 0.25f;
  options.repeat_last_n = 4;
  const Logits logits = {3, -1, 2, 0};
  Sampler s = sampler(options, 4);
  s.pick(logits, Ids{2, 0, 0, 1, 1});  // the 2 is too long ago
  // token 0: 3 / 2 - 2 * 0.25 - 0.5 = 0.5, token 1: -1 * 2 - 2 * 0.25 - 0.5 = -3
  const Logits expected = {0.5f, -3, 2, 0};
  REQUIRE(s.choices().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(s.choices()[i].logit == doctest::Approx(expected[i]));
  options.repeat_last_n = -1;
  Sampler all = sampler(options, 4);
  all.pick(logits, Ids{2, 0, 0, 1, 1, -7, 99});
  CHECK(all.choices()[2].logit == doctest::Approx(2.0 / 2 - 0.25 - 0.5));
  options.repeat_last_n = 0;
  Sampler none = sampler(options, 4);
  none.pick(logits, Ids{0, 1});
  CHECK(none.choices()[0].logit == 3.0f);
}

TEST_CASE("stages run in the order of the options") {
  SamplerOptions options = bare();
  options.top_k = 1, options.repeat_penalty = 10;
  const Logits logits = {3, 2, 1};
  CHECK(choices(options, logits, Ids{0}) == Ids{1});
  options.order = {SamplerStage::top_k, SamplerStage::penalties};
  CHECK(choices(options, logits, Ids{0}) == Ids{0});
  CHECK(probability(options, logits, 0, Ids{0}) == 1.0);
  options.order = {};
  CHECK(choices(options, logits).size() == 3);
}

TEST_CASE("exclusion of top choices leaves the least likely of them, as often as asked") {
  SamplerOptions options = bare();
  options.xtc_probability = 1, options.xtc_threshold = 0.2f;
  const Logits logits = logs({0.4, 0.3, 0.21, 0.09});
  CHECK(choices(options, logits) == Ids{2, 3});
  CHECK(choices(options, logs({0.5, 0.1, 0.1, 0.1, 0.1, 0.1})).size() == 6);  // one top choice only
  options.xtc_threshold = 0.51f;
  CHECK(choices(options, logits).size() == 4);
  options.xtc_threshold = 0.2f, options.xtc_probability = 0.3f;
  Sampler s = sampler(options, 4);
  const int n = 10000;
  int excluded = 0;
  for (int i = 0; i < n; ++i) {
    s.pick(logits, {});
    excluded += s.choices().size() == 2 ? 1 : 0;
  }
  CHECK(std::abs(excluded / double(n) - 0.3) < 4 * std::sqrt(0.21 / n));
}

TEST_CASE("the dynamic temperature follows the entropy between its bounds") {
  SamplerOptions options = bare();
  options.temp = 1, options.dynatemp_range = 0.5f;
  // Equal tokens have all the entropy there can be: temperature 1.5, which changes nothing for them.
  CHECK(probability(options, logs({0.5, 0.5}), 0) == doctest::Approx(0.5));
  const double h = -(0.9 * std::log(0.9) + 0.1 * std::log(0.1)) / std::log(2.0);
  for (const float exponent : {1.0f, 2.0f}) {
    options.dynatemp_exponent = exponent;
    const double t = 0.5 + std::pow(h, static_cast<double>(exponent));
    const double a = std::pow(0.9, 1 / t), b = std::pow(0.1, 1 / t);
    CHECK(probability(options, logs({0.9, 0.1}), 0) == doctest::Approx(a / (a + b)).epsilon(1e-5));
  }
}

TEST_CASE("extreme logits and settings give a valid token") {
  const float big = std::numeric_limits<float>::max();
  SamplerOptions options = bare();
  options.top_p = 0.5f, options.typical_p = 0.5f, options.min_p = 0.1f, options.top_n_sigma = 1;
  options.repeat_penalty = 10, options.frequency_penalty = 2, options.temp = 0.01f;
  options.dynatemp_range = 0.01f, options.dry_multiplier = 100, options.dry_base = 10;
  options.xtc_probability = 1, options.xtc_threshold = 0;
  for (const Logits& logits :
       {Logits{big, -big, 0}, Logits{-big, -big, -big}, Logits{big, big, big}, Logits{kNan, 1e-38f, -big}}) {
    Sampler s = sampler(options, 3);
    const Ids history = {0, 1, 0, 1, 0, 1, 0};
    for (int i = 0; i < 5; ++i) {
      const TokenId id = s.pick(logits, history);
      CHECK((id >= 0 && id < 3));
      CHECK(std::isfinite(s.probability(id)));
    }
  }
}
