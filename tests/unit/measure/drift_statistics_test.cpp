#include "engine/measure/drift_statistics.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace glim;

namespace {

TokenDrift drift(double base_p, double p, double kld) {
  TokenDrift out;
  out.base_log_p = std::log(base_p);
  out.log_p = std::log(p);
  out.kld = kld;
  return out;
}

}  // namespace

TEST_CASE("statistics of two positions, by hand") {
  TextScore score = {{drift(0.25, 0.5, 0.2)}, {drift(0.25, 0.25, 0.4)}};
  score[0][0].same_top = true;
  score[0][0].noise = 3e-5;
  score[1][0].noise = 4e-5;
  score[1][0].bound = true;
  const DriftStatistics s = drift_statistics(score);
  const double ln2 = std::log(2.0);
  CHECK(s.perplexity.tokens == 2);
  CHECK(s.perplexity.log.value == doctest::Approx(1.5 * ln2));
  CHECK(s.perplexity.log.error == doctest::Approx(0.5 * ln2));
  CHECK(s.perplexity.value.value == doctest::Approx(std::pow(2, 1.5)));
  CHECK(s.perplexity.value.error == doctest::Approx(std::pow(2, 1.5) * 0.5 * ln2));
  CHECK(s.base.value.value == doctest::Approx(4));
  CHECK(s.base.value.error == doctest::Approx(0));
  CHECK(s.correlation == doctest::Approx(0));
  CHECK(s.log_ratio.value == doctest::Approx(-0.5 * ln2));
  CHECK(s.log_ratio.error == doctest::Approx(0.5 * ln2));
  CHECK(s.ratio.value == doctest::Approx(std::sqrt(0.5)));
  CHECK(s.difference.value == doctest::Approx(std::pow(2, 1.5) - 4));
  CHECK(s.kld.mean.value == doctest::Approx(0.3));
  CHECK(s.kld.mean.error == doctest::Approx(0.1));
  CHECK(s.kld.at(1) == 0.4);
  CHECK(s.kld.at(0.5) == doctest::Approx(0.3));
  CHECK(s.kld.at(0.99) == doctest::Approx(0.398));
  CHECK(s.kld.at(0) == 0.2);
  CHECK(s.kld.bootstrap > 0.05);
  CHECK(s.delta_p.mean.value == doctest::Approx(0.125));
  CHECK(s.rms_delta_p.value == doctest::Approx(std::sqrt(0.03125)));
  CHECK(s.rms_delta_p.error == doctest::Approx(0.5 / std::sqrt(0.03125) * 0.03125));
  CHECK(s.same_top.value == 0.5);
  CHECK(s.same_top.error == doctest::Approx(0.5));
  CHECK(s.noise == doctest::Approx(std::sqrt(12.5) * 1e-5));
  CHECK(s.bound);
}

TEST_CASE("two perplexities that rise and fall together are told apart by their pairs") {
  TextScore base(1), model(1);
  for (int i = 1; i < 60; ++i) {
    const double p = i / 60.0;
    base[0].push_back(drift(p, p, 0));
    model[0].push_back(drift(p, 0.9 * p, 0.01));
  }
  const DriftStatistics s = drift_statistics(model);
  CHECK(s.log_ratio.value == doctest::Approx(-std::log(0.9)));
  CHECK(s.log_ratio.error < 1e-6);
  CHECK(s.perplexity.log.error > 0.05);
  CHECK(s.correlation == doctest::Approx(1));
  CHECK(log_ratio(model, base).value == doctest::Approx(-std::log(0.9)));
  const DriftStatistics itself = drift_statistics(base);
  CHECK(itself.log_ratio.value == 0);
  CHECK(itself.log_ratio.error < 1e-7);
  CHECK(itself.rms_delta_p.error == 0);
}
