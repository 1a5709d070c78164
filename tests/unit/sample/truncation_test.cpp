#include "engine/sample/truncation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

using glim::Candidate;
using glim::Candidates;
using glim::TokenId;
using Ids = std::vector<TokenId>;
using Logits = std::vector<float>;

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  double uniform() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  int below(int n) { return static_cast<int>(uniform() * n); }

 private:
  std::uint64_t state_;
};

Logits random_logits(Random& random) {
  Logits logits(static_cast<std::size_t>(1 + random.below(200)));
  const double width = 0.1 + 12 * random.uniform();
  for (float& logit : logits) logit = static_cast<float>(width * (random.uniform() + random.uniform() - 1));
  return logits;
}

Ids kept(const Logits& logits, const std::function<void(Candidates&)>& stage) {
  Candidates candidates;
  candidates.assign(logits);
  stage(candidates);
  Ids ids;
  for (const Candidate& c : candidates.items()) ids.push_back(c.id);
  return ids;
}

/// Ids by falling logit, lowest id first among equals: the plain way.
Ids sorted(const Logits& logits) {
  Ids ids(logits.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>(i);
  std::stable_sort(ids.begin(), ids.end(), [&](TokenId a, TokenId b) {
    return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
  });
  return ids;
}

std::vector<double> softmax(const Logits& logits) {
  const double max = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (const float logit : logits) p.push_back(std::exp(static_cast<double>(logit) - max)), sum += p.back();
  for (double& x : p) x /= sum;
  return p;
}

Ids first(Ids ids, std::size_t count) {
  ids.resize(std::min(count, ids.size()));
  std::sort(ids.begin(), ids.end());
  return ids;
}

double at(const std::vector<double>& p, TokenId id) {
  return p[static_cast<std::size_t>(id)];
}

Logits logs(const std::vector<double>& probabilities) {
  Logits logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

}  // namespace

TEST_CASE("top-k keeps the k most likely, lower ids first among equals") {
  CHECK(kept({1, 5, 3, 4}, [](Candidates& c) { top_k(c, 2); }) == Ids{1, 3});
  CHECK(kept({2, 2, 2, 2}, [](Candidates& c) { top_k(c, 2); }) == Ids{0, 1});
  CHECK(kept({1, 2}, [](Candidates& c) { top_k(c, 0); }).size() == 2);
  CHECK(kept({1, 2}, [](Candidates& c) { top_k(c, 9); }).size() == 2);
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const Logits logits = random_logits(random);
    const int k = 1 + random.below(60);
    CHECK(kept(logits, [&](Candidates& c) { top_k(c, k); }) ==
          first(sorted(logits), static_cast<std::size_t>(k)));
  }
}

TEST_CASE("top-p keeps the smallest set of the most likely tokens that reaches p") {
  CHECK(kept(logs({0.1, 0.5, 0.3, 0.1}), [](Candidates& c) { top_p(c, 0.75f); }) == Ids{1, 2});
  CHECK(kept(logs({0.1, 0.5, 0.3, 0.1}), [](Candidates& c) { top_p(c, 0.81f); }) == Ids{0, 1, 2});
  CHECK(kept(logs({0.1, 0.5, 0.3, 0.1}), [](Candidates& c) { top_p(c, 0.0f); }) == Ids{1});
  CHECK(kept(logs({0.1, 0.5, 0.3, 0.1}), [](Candidates& c) { top_p(c, 1.0f); }).size() == 4);
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    const Logits logits = random_logits(random);
    const auto p = softmax(logits);
    const Ids order = sorted(logits);
    const float limit = static_cast<float>(random.uniform());
    double sum = 0;
    std::size_t count = 0;
    while (count < order.size() && sum < static_cast<double>(limit)) sum += at(p, order[count++]);
    CHECK(kept(logits, [&](Candidates& c) { top_p(c, limit); }) ==
          first(order, std::max<std::size_t>(count, 1)));
  }
}

TEST_CASE("min-p keeps what is likely enough next to the best") {
  CHECK(kept(logs({0.5, 0.3, 0.15, 0.05}), [](Candidates& c) { min_p(c, 0.25f); }) == Ids{0, 1, 2});
  CHECK(kept(logs({0.5, 0.3, 0.15, 0.05}), [](Candidates& c) { min_p(c, 1.0f); }) == Ids{0});
  CHECK(kept(logs({0.5, 0.3, 0.15, 0.05}), [](Candidates& c) { min_p(c, 0.0f); }).size() == 4);
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    const Logits logits = random_logits(random);
    const auto p = softmax(logits);
    const double best = *std::max_element(p.begin(), p.end());
    const float limit = static_cast<float>(random.uniform());
    Ids expected;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (p[i] >= static_cast<double>(limit) * best) expected.push_back(static_cast<TokenId>(i));
    }
    CHECK(kept(logits, [&](Candidates& c) { min_p(c, limit); }) == expected);
  }
}

TEST_CASE("typical-p keeps the tokens whose surprise is closest to the entropy until they exceed p") {
  // Entropy of (0.5, 0.25, 0.125, 0.125) is 1.75 ln 2. Surprises 1, 2, 3, 3 (in units of ln 2) are 0.75,
  // 0.25, 1.25 away from it: token 1 comes first, then token 0.
  const Logits logits = logs({0.5, 0.25, 0.125, 0.125});
  CHECK(kept(logits, [](Candidates& c) { typical_p(c, 0.2f); }) == Ids{1});
  CHECK(kept(logits, [](Candidates& c) { typical_p(c, 0.6f); }) == Ids{0, 1});
  CHECK(kept(logits, [](Candidates& c) { typical_p(c, 0.0f); }) == Ids{1});
  CHECK(kept(logits, [](Candidates& c) { typical_p(c, 1.0f); }).size() == 4);
  Random random(4);
  for (int round = 0; round < 500; ++round) {
    const Logits values = random_logits(random);
    const auto p = softmax(values);
    double entropy = 0;
    for (const double x : p) entropy -= x * std::log(x);
    Ids order = sorted(values);
    std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
      return std::abs(-std::log(at(p, a)) - entropy) < std::abs(-std::log(at(p, b)) - entropy);
    });
    const float limit = static_cast<float>(random.uniform() * 0.99);
    double sum = 0;
    std::size_t count = 0;
    while (count < order.size() && sum <= static_cast<double>(limit)) sum += at(p, order[count++]);
    CHECK(kept(values, [&](Candidates& c) { typical_p(c, limit); }) == first(order, count));
  }
}

TEST_CASE("top-n-sigma keeps logits within n standard deviations of the best") {
  // Mean 2, variance ((4+0+4)/3) = 8/3, deviation 1.633.
  CHECK(kept({0, 2, 4}, [](Candidates& c) { top_n_sigma(c, 1.0f); }) == Ids{2});
  CHECK(kept({0, 2, 4}, [](Candidates& c) { top_n_sigma(c, 1.3f); }) == Ids{1, 2});
  CHECK(kept({0, 2, 4}, [](Candidates& c) { top_n_sigma(c, 0.0f); }).size() == 3);
  CHECK(kept({0, 2, 4}, [](Candidates& c) { top_n_sigma(c, -1.0f); }).size() == 3);
}

TEST_CASE("truncation works on a vocabulary of real size") {
  Random random(5);
  Logits logits(154880);
  for (float& logit : logits)
    logit = static_cast<float>(8 * (random.uniform() + random.uniform() + random.uniform() - 1.5));
  const Ids order = sorted(logits);
  CHECK(kept(logits, [](Candidates& c) { top_k(c, 40); }) == first(order, 40));
  const auto p = softmax(logits);
  // The sums of 154880 roundings of 2^-24 blur the border by less than the tokens below.
  const Ids set = kept(logits, [](Candidates& c) { top_p(c, 0.9f); });
  CHECK(set == first(order, set.size()));
  double sum = 0;
  for (const TokenId id : set) sum += at(p, id);
  CHECK(sum >= 0.9 - 1e-6);
  CHECK(sum - at(p, order[set.size() - 1]) < 0.9 + 1e-6);
}

TEST_CASE("equal keys at the cut are kept in ascending order of id") {
  CHECK(kept(Logits(5000, 1.0f), [](Candidates& c) { top_k(c, 3); }) == Ids{0, 1, 2});
  CHECK(kept(Logits(1000, 1.0f), [](Candidates& c) { top_p(c, 0.0025f); }) == Ids{0, 1, 2});
}
