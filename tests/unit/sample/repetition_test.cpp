#include "engine/sample/repetition.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

using glim::Candidates;
using glim::SamplerOptions;
using glim::TokenId;
using Ids = std::vector<TokenId>;
using Breakers = std::vector<Ids>;

namespace {

constexpr std::size_t kTokens = 8;

SamplerOptions dry_options() {
  SamplerOptions options;
  options.dry_multiplier = 1, options.dry_base = 2, options.dry_allowed_length = 2;
  return options;
}

std::map<TokenId, double> penalties(const SamplerOptions& options, const Breakers& breakers,
                                    const Ids& history) {
  Candidates candidates;
  candidates.assign(std::vector<float>(kTokens, 0.0f));
  glim::DryPenalty(kTokens, breakers).apply(candidates, history, options);
  std::map<TokenId, double> out;
  for (const glim::Candidate& c : candidates.items()) {
    if (c.logit != 0) out[c.id] = -static_cast<double>(c.logit);
  }
  return out;
}

/// The definition: for every earlier place, the longest match of what stands before it with the end of the
/// text.
std::map<TokenId, double> slow_penalties(const SamplerOptions& options, const Breakers& breakers,
                                         const Ids& all) {
  const std::size_t count = options.dry_penalty_last_n < 0
                                ? all.size()
                                : std::min(all.size(), static_cast<std::size_t>(options.dry_penalty_last_n));
  const Ids text(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
  // The end of the text without a breaker in it.
  std::size_t limit = text.size();
  for (std::size_t begin = text.size(); begin-- > 0 && limit == text.size();) {
    for (const Ids& breaker : breakers) {
      if (begin + breaker.size() > text.size()) continue;
      if (!std::equal(breaker.begin(), breaker.end(), text.begin() + static_cast<std::ptrdiff_t>(begin)))
        continue;
      limit = std::min(limit, text.size() - begin - breaker.size());
    }
  }
  std::map<TokenId, double> out;
  for (std::size_t place = 1; place < text.size(); ++place) {
    std::size_t match = 0;
    while (match < place && match < limit && text[place - 1 - match] == text[text.size() - 1 - match])
      ++match;
    if (match < static_cast<std::size_t>(options.dry_allowed_length)) continue;
    if (std::find(breakers.begin(), breakers.end(), Ids{text[place]}) != breakers.end()) continue;
    const double penalty = static_cast<double>(options.dry_multiplier) *
                           std::pow(static_cast<double>(options.dry_base),
                                    static_cast<double>(match) - options.dry_allowed_length);
    out[text[place]] = std::max(out[text[place]], penalty);
  }
  return out;
}

}  // namespace

TEST_CASE("a token that would continue a repeated sequence is penalised by the length of the repeat") {
  // The end "1 2" stood before a 3, and "1 2" is as long as allowed: the bare multiplier.
  CHECK(penalties(dry_options(), {}, {1, 2, 3, 1, 2}) == std::map<TokenId, double>{{3, 1.0}});
  // "5 1 2" is one longer: multiplier * base.
  CHECK(penalties(dry_options(), {}, {5, 1, 2, 3, 5, 1, 2}) == std::map<TokenId, double>{{3, 2.0}});
  CHECK(penalties(dry_options(), {}, {1, 2, 3, 4, 2}).empty());
  // In a run of one token it would be the next repeat of itself; the longest of the matches counts.
  CHECK(penalties(dry_options(), {}, {6, 6, 6, 6}) == std::map<TokenId, double>{{6, 2.0}});
}

TEST_CASE("matches do not reach over a breaker and a breaker itself is not penalised") {
  CHECK(penalties(dry_options(), {{1}}, {5, 1, 2, 3, 5, 1, 2}).empty());
  CHECK(penalties(dry_options(), {{5}}, {5, 1, 2, 3, 5, 1, 2}) == std::map<TokenId, double>{{3, 1.0}});
  CHECK(penalties(dry_options(), {{3}}, {5, 1, 2, 3, 5, 1, 2}).empty());
  CHECK(penalties(dry_options(), {{4, 5}}, {4, 5, 1, 2, 3, 4, 5, 1, 2}) ==
        std::map<TokenId, double>{{3, 1.0}});
}

TEST_CASE("DRY looks back as far as it is told") {
  SamplerOptions options = dry_options();
  const Ids history = {1, 2, 3, 1, 2};
  options.dry_penalty_last_n = 5;
  CHECK(penalties(options, {}, history).size() == 1);
  options.dry_penalty_last_n = 4;
  CHECK(penalties(options, {}, history).empty());
  options.dry_penalty_last_n = 0;
  CHECK(penalties(options, {}, history).empty());
}

TEST_CASE("the linear search finds the same repeats as the definition") {
  std::uint32_t state = 11;
  const auto random = [&state](std::uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % n;
  };
  int found = 0;
  for (int round = 0; round < 4000; ++round) {
    SamplerOptions options = dry_options();
    options.dry_allowed_length = static_cast<int>(random(4));
    options.dry_penalty_last_n = static_cast<int>(random(50)) - 1;
    Ids history;
    for (std::uint32_t i = 0, n = random(60), letters = 1 + random(4); i < n; ++i)
      history.push_back(static_cast<TokenId>(random(letters)));
    Breakers breakers;
    for (std::uint32_t i = 0, n = random(3); i < n; ++i) {
      Ids breaker;
      for (std::uint32_t j = 0, m = 1 + random(3); j < m; ++j)
        breaker.push_back(static_cast<TokenId>(random(4)));
      breakers.push_back(breaker);
    }
    const auto expected = slow_penalties(options, breakers, history);
    const auto got = penalties(options, breakers, history);
    found += expected.empty() ? 0 : 1;
    REQUIRE(got.size() == expected.size());
    for (const auto& [id, penalty] : expected) CHECK(got.at(id) == doctest::Approx(penalty).epsilon(1e-6));
  }
  CHECK(found > 500);
}

TEST_CASE("a very long repeat gives a large but finite penalty") {
  Candidates candidates;
  candidates.assign(std::vector<float>(kTokens, 0.0f));
  SamplerOptions options = dry_options();
  options.dry_base = 10;
  glim::DryPenalty(kTokens, {}).apply(candidates, Ids(5000, 3), options);
  CHECK(candidates.items()[3].logit < -1e30f);
  CHECK(std::isfinite(candidates.items()[3].logit));
}

TEST_CASE("the last tokens are a view of the end") {
  const Ids history = {1, 2, 3};
  CHECK(glim::last_tokens(history, 2).size() == 2);
  CHECK(glim::last_tokens(history, 2)[0] == 2);
  CHECK(glim::last_tokens(history, 9).size() == 3);
  CHECK(glim::last_tokens(history, -1).size() == 3);
  CHECK(glim::last_tokens(history, 0).empty());
}
