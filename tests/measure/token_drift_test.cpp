#include "engine/measure/token_drift.h"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/base/random.h"

using namespace glim;

namespace {

std::vector<float> logs(const std::vector<double>& probabilities, double shift = 0) {
  std::vector<float> out;
  for (const double p : probabilities) out.push_back(static_cast<float>(std::log(p) + shift));
  return out;
}

std::vector<float> noise(Random& random, std::size_t count, double size) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(size * random.normal());
  return out;
}

}  // namespace

TEST_CASE("what a prediction lost, by hand") {
  const TokenDrift drift = token_drift(logs({0.5, 0.25, 0.25}), logs({0.25, 0.25, 0.5}, 3), 0);
  // 0.5 ln 2 + 0 - 0.25 ln 2
  CHECK(drift.kld == doctest::Approx(0.25 * std::log(2)).epsilon(1e-6));
  CHECK(!drift.bound);
  CHECK(!drift.same_top);
  CHECK(drift.rank == 2);  // its equals do not come before it
  CHECK(drift.base_log_p == doctest::Approx(std::log(0.5)));
  CHECK(drift.log_p == doctest::Approx(std::log(0.25)));
  CHECK(drift.delta_log_p() == doctest::Approx(-std::log(2)));
  CHECK(drift.delta_p() == doctest::Approx(-0.25));
}

TEST_CASE("a prediction has lost nothing against itself, however large its logits are") {
  const std::vector<float> row = {1000, 990, -3000}, far = {-2000, -2010, -6000};
  CHECK(token_drift(row, row, 1).kld == 0);
  CHECK(token_drift(row, far, 1).kld <= 1e-12);
  CHECK(token_drift(row, far, 2).rank == 3);
  CHECK(token_drift(row, far, 0).same_top);
  CHECK(token_drift(keep_top(row, 0, 2), row).kld == 0);
}

TEST_CASE("the likeliest tokens are kept in their order, and the rest as one") {
  const TopRow row = keep_top(logs({0.1, 0.4, 0.2, 0.1, 0.2}), 3, 2);
  REQUIRE(row.entries.size() == 2);
  CHECK(row.entries[0].token == 1);
  CHECK(row.entries[0].log_p == doctest::Approx(std::log(0.4)));
  CHECK(row.entries[1].token == 2);
  CHECK(row.next.token == 3);
  CHECK(row.next.log_p == doctest::Approx(std::log(0.1)));
  CHECK(row.tail_log_p == doctest::Approx(std::log(0.3)));
  const TopRow whole = keep_top(logs({0.5, 0.5}), 0, 9);
  CHECK(whole.entries.size() == 2);
  CHECK(std::isinf(whole.tail_log_p));
}

TEST_CASE("merged outcomes, by hand") {
  const TopRow row = keep_top(logs({0.1, 0.4, 0.2, 0.1, 0.2}), 3, 1);
  const TokenDrift drift = token_drift(row, logs({0.2, 0.2, 0.2, 0.2, 0.2}));
  // Outcomes: token 1, token 3, the rest.
  const double exact = 0.4 * std::log(2) + 0.1 * std::log(0.5) + 0.5 * std::log(0.5 / 0.6);
  CHECK(drift.bound);
  CHECK(drift.kld == doctest::Approx(exact).epsilon(1e-6));
  CHECK(drift.kld <= exact);
  CHECK(drift.base_log_p == doctest::Approx(std::log(0.1)));
  CHECK(drift.log_p == doctest::Approx(std::log(0.2)));
}

TEST_CASE("what was kept bounds the divergence from below, the tighter the more it is") {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> base = noise(random, 300, 3);
    std::vector<float> model = noise(random, 300, round % 5 == 0 ? 3 : 0.05);
    for (std::size_t i = 0; i < model.size(); ++i) model[i] += base[i];
    const TokenId next = round * 5;
    const TokenDrift exact = token_drift(base, model, next);
    double before = 0;
    for (const std::size_t count : {1u, 8u, 64u, 299u}) {
      const TokenDrift drift = token_drift(keep_top(base, next, count), model);
      CHECK(drift.kld <= exact.kld);
      CHECK(drift.kld >= before - 1e-6);
      CHECK(drift.same_top == exact.same_top);
      CHECK(drift.rank == exact.rank);
      CHECK(drift.delta_log_p() == doctest::Approx(exact.delta_log_p()).epsilon(1e-5));
      before = drift.kld;
    }
    const TokenDrift whole = token_drift(keep_top(base, next, 300), model);
    CHECK(!whole.bound);
    CHECK(whole.kld == doctest::Approx(exact.kld).epsilon(1e-4));
  }
}
